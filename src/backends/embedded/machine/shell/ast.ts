/** A shell word before expansion. */
export interface Word {
  parts: readonly WordPart[];
  /** As typed. */
  source: string;
  /** Set for an argument of `declare` and its kin that has the form of an assignment. */
  assignment?: Assignment;
}

export type WordPart =
  | { type: "text"; value: string }
  | { type: "quoted"; value: string }
  | { type: "double"; parts: readonly WordPart[] }
  | { type: "parameter"; parameter: Parameter }
  | { type: "command"; list: List }
  | { type: "arithmetic"; expression: Word }
  | { type: "process"; direction: "<" | ">"; list: List };

/** `$name`, `${name[index]operator operand}`. */
export interface Parameter {
  name: string;
  /** `@` and `*` are the texts of the index word. */
  index?: Word;
  prefix?: "#" | "!";
  /** `${!prefix*}` and `${!prefix@}`. */
  names?: "@" | "*";
  operator?: string;
  operand?: Word;
  /** Replacement of `/`, length of `:`. */
  second?: Word;
  source: string;
}

export interface Assignment {
  name: string;
  index?: Word;
  append: boolean;
  value: Word | ArrayElement[];
}

export interface ArrayElement {
  index?: Word;
  append: boolean;
  value: Word;
}

export interface Redirection {
  /** Number, or the name of the variable in `{name}>`. */
  descriptor?: number | string;
  operator: "<" | ">" | ">>" | ">|" | "<>" | "<&" | ">&" | "&>" | "&>>" | "<<" | "<<<";
  /** The heredoc's body for `<<`. */
  target: Word;
}

export interface List {
  items: readonly ListItem[];
  source: string;
}

export interface ListItem {
  first: Pipeline;
  rest: readonly { operator: "&&" | "||"; pipeline: Pipeline }[];
  background: boolean;
  source: string;
}

export interface Pipeline {
  negated: boolean;
  timed: "" | "bash" | "posix";
  commands: readonly Command[];
  source: string;
}

interface CommandBase {
  redirections: readonly Redirection[];
  line: number;
  source: string;
}

export type Command = CommandBase &
  (
    | { type: "simple"; assignments: readonly Assignment[]; words: readonly Word[] }
    | { type: "group"; body: List }
    | { type: "subshell"; body: List }
    | { type: "if"; branches: readonly { condition: List; body: List }[]; otherwise?: List }
    | { type: "while"; until: boolean; condition: List; body: List }
    | { type: "for"; name: string; words?: readonly Word[]; body: List }
    | { type: "select"; name: string; words?: readonly Word[]; body: List }
    | { type: "arithmeticFor"; initial: Word; test: Word; update: Word; body: List }
    | { type: "case"; word: Word; items: readonly CaseItem[] }
    | { type: "arithmetic"; expression: Word }
    | { type: "condition"; expression: Condition }
    | { type: "function"; name: string; body: Command }
  );

export interface CaseItem {
  patterns: readonly Word[];
  body: List;
  end: ";;" | ";&" | ";;&";
}

export type Condition =
  | { type: "unary"; operator: string; operand: Word }
  | { type: "binary"; operator: string; left: Word; right: Word }
  | { type: "and" | "or"; left: Condition; right: Condition }
  | { type: "not"; operand: Condition };
