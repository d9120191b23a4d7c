const clearLine = "\x1b[2K\x1b[0A\x1b[0E";

/** The client's animation. It is drawn on pipes too, as the real one is. */
export interface Spinner {
  /** Replaces what it says. */
  say(message: string): void;
  /** `\rRetrieving image: 37%` over whatever is there. */
  progress(message: string): void;
  stop(): void;
}

export function makeSpinner(write: (text: string) => void): Spinner {
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    if (timer) {
      clearInterval(timer);
      timer = undefined;
      write("\b ");
    }
    write(clearLine);
  };
  return {
    stop,
    say(message) {
      stop();
      write(`${clearLine}${message}  `);
      let frame = 0;
      const draw = (): void => {
        frame = (frame + 1) % 4;
        write(`\b${"|/-\\".charAt(frame)}`);
      };
      draw();
      timer = setInterval(draw, 100);
    },
    progress(message) {
      if (timer) stop();
      write(`\r${message}`);
    },
  };
}
