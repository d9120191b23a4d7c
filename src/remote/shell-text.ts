/** Text without the marks that a line editor leaves. */
export function withoutLineEditing(text: string): string {
  return text.replaceAll(/\r?\u001b\[K\r?/g, "");
}

/** A prompt without colours, titles and the marks of what has no width. */
export function plainPrompt(prompt: string): string {
  return prompt
    .replaceAll(/\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g, "")
    .replaceAll(/\u001b\[[\d;?]*[A-Za-z]/g, "")
    .replaceAll(/[\u0001\u0002\r]/g, "")
    .replace(/^[^]*\n/, "");
}
