import { Text } from "ink";
import type { ReactElement } from "react";
import { color } from "./color.ts";
import type { StyledLine } from "./markdown.ts";
import type { Segment } from "./screen-buffer.ts";

/** A line of laid out Markdown. */
export function Line({ line }: { line: StyledLine }): ReactElement {
  return (
    <Text wrap="truncate">
      {line.length === 0 ? " " : null}
      {line.map((span, index) => (
        <Text key={index} bold={span.bold ?? false} {...color(span.code ? "cyan" : undefined)}>
          {span.text}
        </Text>
      ))}
    </Text>
  );
}

/** A line as a shell printed it. */
export function ShellLine({ segments }: { segments: readonly Segment[] }): ReactElement {
  return (
    <Text wrap="truncate">
      {segments.length === 0 ? " " : null}
      {segments.map((segment, index) => (
        <Text
          key={index}
          bold={segment.bold}
          dimColor={segment.dim}
          inverse={segment.inverse}
          underline={segment.underline}
          {...color(segment.color)}
        >
          {segment.text}
        </Text>
      ))}
    </Text>
  );
}
