import type {
  ArrayElement,
  Assignment,
  CaseItem,
  Command,
  Condition,
  List,
  ListItem,
  Pipeline,
  Redirection,
  Word,
} from "./ast.ts";
import { SyntaxProblem, WordReader } from "./words.ts";

/** Words that begin or end compound commands. */
export const reserved: ReadonlySet<string> = new Set([
  "if",
  "then",
  "elif",
  "else",
  "fi",
  "for",
  "while",
  "until",
  "do",
  "done",
  "case",
  "esac",
  "in",
  "function",
  "select",
  "{",
  "}",
  "!",
  "[[",
  "]]",
  "time",
  "coproc",
]);
const closing = new Set(["then", "elif", "else", "fi", "do", "done", "esac", "}"]);
const declarations = new Set(["declare", "typeset", "local", "export", "readonly"]);
const wordStops = " \t\n;&|<>()";
const assignmentStart = /([A-Za-z_][A-Za-z0-9_]*)(\[|\+?=)/y;

export interface ParserOptions {
  /** Line number of the first line. */
  firstLine?: number;
  /** Expands aliases when given. */
  alias?: (name: string) => string | undefined;
  /** Whether `+(..)` and its kin are patterns outside `[[ ]]` too; default no. */
  extendedGlob?: () => boolean;
  /** A heredoc without its end is incomplete rather than ended by the end of the script. */
  interactive?: boolean;
}

interface PendingHeredoc {
  redirection: Redirection;
  delimiter: string;
  quoted: boolean;
  stripTabs: boolean;
  line: number;
}

/** Reads a script command by command, as bash does: what stands before a syntax error is still executed. */
export class Parser extends WordReader {
  readonly #options: ParserOptions;
  #heredocs: PendingHeredoc[] = [];
  #depth = 0;
  #commandStart = false;
  #inCondition = false;
  /** Complaints that do not stop the script. */
  readonly warnings: string[] = [];

  constructor(source: string, options: ParserOptions = {}) {
    super(source, options.firstLine ?? 1);
    this.#options = options;
  }

  /** The commands of the next line that has some; undefined at the end. Throws SyntaxProblem. */
  next(): List | undefined {
    for (;;) {
      this.#blanks();
      if (this.position >= this.source.length) return undefined;
      if (this.#at() !== "\n") break;
      this.#newline();
    }
    const list = this.#list(true);
    if (this.position < this.source.length && this.#at() !== "\n") throw this.#unexpected();
    if (this.#at() === "\n") this.#newline();
    else if (this.#heredocs.length > 0) this.#readHeredocs();
    return list;
  }

  /** All commands. */
  all(): List {
    const items: ListItem[] = [];
    for (let list = this.next(); list; list = this.next()) items.push(...list.items);
    return { items, source: this.source };
  }

  /** The whole source as the body of an unquoted heredoc. */
  heredocBody(): Word {
    return { parts: this.parts("heredoc", ""), source: this.source };
  }

  /** The whole source as a sequence of words, as in `read`-free expansions such as PS1. */
  wholeWord(): Word {
    return { parts: this.parts("double", ""), source: this.source };
  }

  protected substitution(): List {
    const start = this.position;
    const outer = this.#heredocs;
    this.#heredocs = [];
    const list = this.#list(false);
    if (this.position >= this.source.length) throw this.unclosed(")", start);
    if (this.#at() !== ")") throw this.#unexpected();
    if (this.#heredocs.length > 0) this.#readHeredocs();
    this.#heredocs = outer;
    this.position += 1;
    return { ...list, source: this.source.slice(start, this.position - 1) };
  }

  protected nested(source: string, line: number): List {
    return new Parser(source, { firstLine: line }).all();
  }

  protected override extendedGlob(operator: string, inWord: boolean): boolean {
    if (!this.#inCondition && !this.#options.extendedGlob?.()) return false;
    return operator === "!" ? inWord || !this.#commandStart : true;
  }

  #at(offset = 0): string {
    return this.source[this.position + offset] ?? "";
  }

  #problem(message: string, showsLine = true): SyntaxProblem {
    return new SyntaxProblem(message, this.lineAt(this.position), { showsLine });
  }

  /** The complaint about what stands here. */
  #unexpected(): SyntaxProblem {
    if (this.position >= this.source.length) {
      return new SyntaxProblem("syntax error: unexpected end of file", this.lineAt(this.source.length), {
        incomplete: true,
      });
    }
    return this.#problem(`syntax error near unexpected token \`${this.#token()}'`);
  }

  #token(): string {
    if (this.#at() === "\n") return "newline";
    const operator = /;;&|;;|;&|&&|\|\||\|&|&>>|&>|<<<|<<-|<<|>>|<&|>&|>\||<>|[;&|<>()]/y;
    operator.lastIndex = this.position;
    const found = operator.exec(this.source)?.[0];
    if (found) return found;
    const start = this.position;
    this.parts("word", wordStops);
    const word = this.source.slice(start, this.position);
    this.position = start;
    return word;
  }

  #blanks(): void {
    for (;;) {
      const char = this.#at();
      if (char === " " || char === "\t" || char === "\r") this.position += 1;
      else if (char === "\\" && this.#at(1) === "\n") this.position += 2;
      else if (char === "#") {
        const end = this.source.indexOf("\n", this.position);
        this.position = end < 0 ? this.source.length : end;
      } else return;
    }
  }

  #newline(): void {
    this.position += 1;
    if (this.#heredocs.length > 0) this.#readHeredocs();
  }

  #newlines(): void {
    for (;;) {
      this.#blanks();
      if (this.#at() !== "\n") return;
      this.#newline();
    }
  }

  #readHeredocs(): void {
    const pending = this.#heredocs;
    this.#heredocs = [];
    for (const heredoc of pending) {
      const firstLine = this.lineAt(this.position);
      let body = "";
      for (;;) {
        if (this.position >= this.source.length) {
          if (this.#options.interactive)
            throw new SyntaxProblem("unfinished here-document", heredoc.line, { incomplete: true });
          this.warnings.push(
            `line ${this.lineAt(this.position)}: warning: here-document at line ${heredoc.line} delimited by end-of-file (wanted \`${heredoc.delimiter}')`,
          );
          break;
        }
        const end = this.source.indexOf("\n", this.position);
        let line = this.source.slice(this.position, end < 0 ? this.source.length : end);
        // Inside a substitution the parenthesis may follow the delimiter at once.
        this.position = end < 0 ? this.source.length : end + 1;
        if (heredoc.stripTabs) line = line.replace(/^\t+/, "");
        if (line === heredoc.delimiter) break;
        body += `${line}\n`;
      }
      heredoc.redirection.target = heredoc.quoted
        ? { parts: [{ type: "quoted", value: body }], source: body }
        : new Parser(body, { firstLine }).heredocBody();
    }
  }

  /** The unquoted word here when it is one of bash's keywords (or any plain word), without consuming it. */
  #plainWord(): string {
    const pattern = /[^\s;&|<>()'"\\$`]+/y;
    pattern.lastIndex = this.position;
    const word = pattern.exec(this.source)?.[0] ?? "";
    const after = this.source[this.position + word.length] ?? "";
    if (
      after !== "" &&
      !/[\s;&|<>()]/.test(after) &&
      !(after === "\\" && this.source[this.position + word.length + 1] === "\n")
    )
      return "";
    return word;
  }

  #keyword(word: string): boolean {
    if (this.#plainWord() !== word) return false;
    this.position += word.length;
    return true;
  }

  #expect(word: string): void {
    this.#newlines();
    if (!this.#keyword(word)) throw this.#unexpected();
  }

  /** Commands separated by `;`, `&` and newlines, up to something that ends them; with `oneLine` up to a newline. */
  #list(oneLine: boolean): List {
    if ((this.#depth += 1) > 500) throw this.#problem("maximum nesting depth exceeded", false);
    const start = this.position;
    const items: ListItem[] = [];
    for (;;) {
      if (oneLine) this.#blanks();
      else this.#newlines();
      if (this.position >= this.source.length || this.#endsList()) break;
      if (oneLine && this.#at() === "\n") break;
      const itemStart = this.position;
      const item = this.#andOr();
      this.#blanks();
      const source = this.source.slice(itemStart, this.position).trim();
      let background = false;
      if (this.#at() === "&" && this.#at(1) !== "&") {
        background = true;
        this.position += 1;
      } else if (this.#at() === ";" && !";&".includes(this.#at(1) || " ")) this.position += 1;
      else if (this.#at() !== "\n") {
        items.push({ ...item, background, source });
        break;
      }
      items.push({ ...item, background, source });
    }
    this.#depth -= 1;
    return { items, source: this.source.slice(start, this.position) };
  }

  #endsList(): boolean {
    const char = this.#at();
    if (char === ")") return true;
    if (char === ";") {
      if (this.#at(1) === ";" || this.#at(1) === "&") return true;
      throw this.#unexpected();
    }
    return closing.has(this.#plainWord());
  }

  /** A list that must have a command, before `end`. */
  #body(end: string): List {
    const list = this.#list(false);
    if (list.items.length === 0) throw this.#unexpected();
    this.#expect(end);
    return list;
  }

  #andOr(): Omit<ListItem, "background" | "source"> {
    const first = this.#pipeline();
    const rest: { operator: "&&" | "||"; pipeline: Pipeline }[] = [];
    for (;;) {
      this.#blanks();
      const operator = this.source.slice(this.position, this.position + 2);
      if (operator !== "&&" && operator !== "||") return { first, rest };
      this.position += 2;
      this.#newlines();
      rest.push({ operator, pipeline: this.#pipeline() });
    }
  }

  #pipeline(): Pipeline {
    const start = this.position;
    let negated = false;
    let timed: Pipeline["timed"] = "";
    for (;;) {
      this.#blanks();
      if (this.#keyword("!")) negated = !negated;
      else if (this.#keyword("time")) {
        timed = "bash";
        this.#blanks();
        if (this.#keyword("-p")) timed = "posix";
      } else break;
    }
    const commands: Command[] = [];
    const ended = () => this.position >= this.source.length || "\n;".includes(this.#at());
    if ((negated || timed !== "") && ended()) {
      const empty: Command = {
        type: "simple",
        assignments: [],
        words: [],
        redirections: [],
        line: this.lineAt(start),
        source: "",
      };
      return { negated, timed, commands: [empty], source: this.source.slice(start, this.position) };
    }
    for (;;) {
      let command = this.#command();
      this.#blanks();
      if (this.#at() !== "|" || this.#at(1) === "|") {
        commands.push(command);
        break;
      }
      this.position += 1;
      if (this.#at() === "&") {
        this.position += 1;
        const both: Redirection = {
          descriptor: 2,
          operator: ">&",
          target: { parts: [{ type: "text", value: "1" }], source: "1" },
        };
        command = { ...command, redirections: [...command.redirections, both] };
      }
      commands.push(command);
      this.#newlines();
    }
    return { negated, timed, commands, source: this.source.slice(start, this.position).trim() };
  }

  #command(): Command {
    this.#blanks();
    const start = this.position;
    const line = this.lineAt(start);
    const compound = this.#compound(line);
    if (!compound) return this.#simple();
    const redirections: Redirection[] = [];
    for (let found = this.#redirection(); found; found = this.#redirection()) redirections.push(found);
    this.#blanks();
    return { ...compound, redirections, source: this.source.slice(start, this.position).trim() };
  }

  #compound(line: number): Command | undefined {
    const base = { redirections: [], line, source: "" };
    if (this.#at() === "(") {
      if (this.#at(1) === "(") {
        const before = this.position;
        this.position += 2;
        const expression = this.arithmeticUntilDoubleParenthesis();
        if (expression) return { ...base, type: "arithmetic", expression };
        this.position = before;
      }
      this.position += 1;
      const body = this.#list(false);
      if (body.items.length === 0 || this.#at() !== ")") throw this.#unexpected();
      this.position += 1;
      return { ...base, type: "subshell", body };
    }
    const word = this.#plainWord();
    switch (word) {
      case "{": {
        this.position += 1;
        return { ...base, type: "group", body: this.#body("}") };
      }
      case "if":
        return { ...base, ...this.#if() };
      case "while":
      case "until": {
        this.position += word.length;
        const condition = this.#body("do");
        return { ...base, type: "while", until: word === "until", condition, body: this.#body("done") };
      }
      case "for":
      case "select":
        return { ...base, ...this.#for(word) };
      case "case":
        return { ...base, ...this.#case() };
      case "[[": {
        this.position += 2;
        this.#inCondition = true;
        const expression = this.#conditionOr();
        this.#inCondition = false;
        this.#newlines();
        if (!this.#keyword("]]")) throw this.#conditionProblem();
        return { ...base, type: "condition", expression };
      }
      case "function": {
        this.position += word.length;
        this.#blanks();
        const name = this.#plainWord();
        this.position += name.length;
        this.#blanks();
        if (this.#at() === "(") {
          this.position += 1;
          this.#blanks();
          if (this.#at() !== ")") throw this.#unexpected();
          this.position += 1;
        }
        return this.#function(name, line);
      }
    }
    if (closing.has(word)) throw this.#unexpected();
    const definition = /([^\s;&|<>()'"\\$`=]+)[ \t]*\([ \t]*\)/y;
    definition.lastIndex = this.position;
    const match = definition.exec(this.source);
    if (match?.[1] && !reserved.has(match[1])) {
      this.position += match[0].length;
      return this.#function(match[1], line);
    }
    return undefined;
  }

  #function(name: string, line: number): Command {
    this.#newlines();
    const start = this.position;
    const bodyLine = this.lineAt(start);
    const compound = this.#compound(bodyLine);
    if (!compound) throw this.#unexpected();
    const redirections: Redirection[] = [];
    for (let found = this.#redirection(); found; found = this.#redirection()) redirections.push(found);
    const source = this.source.slice(start, this.position).trim();
    return { type: "function", name, body: { ...compound, redirections, source }, redirections: [], line, source };
  }

  #if(): { type: "if"; branches: { condition: List; body: List }[]; otherwise?: List } {
    const branches: { condition: List; body: List }[] = [];
    this.position += 2;
    for (;;) {
      const condition = this.#body("then");
      const body = this.#list(false);
      if (body.items.length === 0) throw this.#unexpected();
      branches.push({ condition, body });
      this.#newlines();
      if (this.#keyword("elif")) continue;
      if (this.#keyword("else")) return { type: "if", branches, otherwise: this.#body("fi") };
      if (this.#keyword("fi")) return { type: "if", branches };
      throw this.#unexpected();
    }
  }

  #for(kind: "for" | "select"): Command {
    const base = { redirections: [], line: this.lineAt(this.position), source: "" };
    this.position += kind.length;
    this.#blanks();
    if (kind === "for" && this.#at() === "(" && this.#at(1) === "(") {
      this.position += 2;
      const clauses = [this.#forClause(";"), this.#forClause(";"), this.#forClause(")")];
      if (this.#at() !== ")") throw this.#unexpected();
      this.position += 1;
      this.#newlines();
      if (this.#at() === ";") this.position += 1;
      const [initial, test, update] = clauses;
      const body = this.#loopBody();
      const empty: Word = { parts: [], source: "" };
      return {
        ...base,
        type: "arithmeticFor",
        initial: initial ?? empty,
        test: test ?? empty,
        update: update ?? empty,
        body,
      };
    }
    const name = this.#plainWord();
    if (name === "") throw this.#unexpected();
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw this.#problem(`\`${name}': not a valid identifier`, false);
    this.position += name.length;
    this.#newlines();
    let words: Word[] | undefined;
    if (this.#keyword("in")) {
      words = [];
      for (;;) {
        this.#blanks();
        if (this.position >= this.source.length || "\n;".includes(this.#at())) break;
        if ("&|<>()".includes(this.#at()) && this.#at(1) !== "(") throw this.#unexpected();
        words.push(this.#word());
      }
    }
    this.#blanks();
    if (this.#at() === ";") this.position += 1;
    const body = this.#loopBody();
    return { ...base, type: kind, name, ...(words ? { words } : {}), body };
  }

  #forClause(end: string): Word {
    const start = this.position;
    const parts = this.parts("arithmetic", end);
    const word = this.wordFrom(start, parts);
    if (this.position >= this.source.length) throw this.unclosed(")", start);
    this.position += 1;
    return word;
  }

  #loopBody(): List {
    this.#newlines();
    if (this.#keyword("{")) return this.#body("}");
    this.#expect("do");
    return this.#body("done");
  }

  #case(): { type: "case"; word: Word; items: CaseItem[] } {
    this.position += 4;
    this.#blanks();
    const word = this.#word();
    this.#expect("in");
    const items: CaseItem[] = [];
    for (;;) {
      this.#newlines();
      if (this.#keyword("esac")) return { type: "case", word, items };
      if (this.position >= this.source.length) throw this.#unexpected();
      if (this.#at() === "(") {
        this.position += 1;
        this.#blanks();
      }
      const patterns: Word[] = [];
      for (;;) {
        if (wordStops.includes(this.#at() || "\n")) throw this.#unexpected();
        patterns.push(this.#word());
        this.#blanks();
        if (this.#at() !== "|") break;
        this.position += 1;
        this.#blanks();
      }
      if (this.#at() !== ")") throw this.#unexpected();
      this.position += 1;
      const body = this.#list(false);
      this.#newlines();
      const end = (["::", ";;&", ";;", ";&"] as const).find((mark) => this.source.startsWith(mark, this.position));
      if (end && end !== "::") {
        this.position += end.length;
        items.push({ patterns, body, end });
        continue;
      }
      items.push({ patterns, body, end: ";;" });
      this.#newlines();
      if (!this.#keyword("esac")) throw this.#unexpected();
      return { type: "case", word, items };
    }
  }

  #conditionProblem(): SyntaxProblem {
    if (this.position >= this.source.length) return this.#unexpected();
    return this.#problem(`syntax error in conditional expression: unexpected token \`${this.#token()}'`);
  }

  #conditionOr(): Condition {
    let left = this.#conditionAnd();
    for (;;) {
      this.#newlines();
      if (!this.source.startsWith("||", this.position)) return left;
      this.position += 2;
      left = { type: "or", left, right: this.#conditionAnd() };
    }
  }

  #conditionAnd(): Condition {
    let left = this.#conditionTerm();
    for (;;) {
      this.#newlines();
      if (!this.source.startsWith("&&", this.position)) return left;
      this.position += 2;
      left = { type: "and", left, right: this.#conditionTerm() };
    }
  }

  #conditionTerm(): Condition {
    this.#newlines();
    if (this.#at() === "(") {
      this.position += 1;
      const inner = this.#conditionOr();
      this.#newlines();
      if (this.#at() !== ")") throw this.#conditionProblem();
      this.position += 1;
      return inner;
    }
    const word = this.#plainWord();
    if (word === "!") {
      this.position += 1;
      return { type: "not", operand: this.#conditionTerm() };
    }
    if (word === "]]" || this.position >= this.source.length || ";&|)".includes(this.#at()))
      throw this.#conditionProblem();
    if (/^-[a-zA-Z]$/.test(word)) {
      const before = this.position;
      this.position += word.length;
      this.#blanks();
      const next = this.#plainWord();
      if (next !== "]]" && !/^(==?|!=|=~|-[a-z]{2})$/.test(next) && !"&|)<>".includes(this.#at() || "&")) {
        return { type: "unary", operator: word, operand: this.#word() };
      }
      this.position = before;
    }
    const left = this.#word();
    this.#blanks();
    const operator = /=~|==|=|!=|<|>|-(?:eq|ne|lt|le|gt|ge|nt|ot|ef)(?=\s)/y;
    operator.lastIndex = this.position;
    const found = operator.exec(this.source)?.[0];
    if (!found) return { type: "unary", operator: "-n", operand: left };
    this.position += found.length;
    this.#blanks();
    if (found === "=~") {
      const start = this.position;
      return { type: "binary", operator: found, left, right: this.wordFrom(start, this.parts("regex", " \t\n;&")) };
    }
    if (wordStops.includes(this.#at() || "\n") && this.#at() !== "(") throw this.#conditionProblem();
    return { type: "binary", operator: found, left, right: this.#word() };
  }

  #word(): Word {
    const start = this.position;
    const parts = this.parts("word", wordStops);
    return this.wordFrom(start, parts);
  }

  #simple(): Command {
    this.#blanks();
    const start = this.position;
    const line = this.lineAt(start);
    const assignments: Assignment[] = [];
    const words: Word[] = [];
    const redirections: Redirection[] = [];
    let declaring = false;
    const expanded = new Set<string>();
    for (;;) {
      this.#blanks();
      const redirection = this.#redirection();
      if (redirection) {
        redirections.push(redirection);
        continue;
      }
      const char = this.#at();
      if (char === "" || (wordStops.includes(char) && !((char === "<" || char === ">") && this.#at(1) === "("))) break;
      if (words.length === 0) {
        const assignment = this.#assignment();
        if (assignment) {
          assignments.push(assignment);
          continue;
        }
        if (this.#expandAlias(expanded)) continue;
      } else if (declaring) {
        const wordStart = this.position;
        const assignment = this.#assignment();
        if (assignment) {
          words.push({ parts: [], source: this.source.slice(wordStart, this.position), assignment });
          continue;
        }
      }
      this.#commandStart = words.length === 0;
      const word = this.#word();
      this.#commandStart = false;
      if (word.source === "") throw this.#unexpected();
      if (
        words.length === 0 ||
        (words.length === 1 && (words[0]?.source === "command" || words[0]?.source === "builtin"))
      ) {
        declaring = declarations.has(word.source);
      }
      words.push(word);
    }
    if (words.length === 0 && assignments.length === 0 && redirections.length === 0) throw this.#unexpected();
    if (this.#at() === "(") throw this.#unexpected();
    return {
      type: "simple",
      assignments,
      words,
      redirections,
      line,
      source: this.source.slice(start, this.position).trim(),
    };
  }

  #expandAlias(expanded: Set<string>): boolean {
    const lookup = this.#options.alias;
    const name = lookup ? this.#plainWord() : "";
    const value = name === "" || expanded.has(name) ? undefined : lookup?.(name);
    if (value === undefined) return false;
    expanded.add(name);
    this.source = `${this.source.slice(0, this.position)}${value}${this.source.slice(this.position + name.length)}`;
    this.spliced();
    return true;
  }

  #assignment(): Assignment | undefined {
    assignmentStart.lastIndex = this.position;
    const match = assignmentStart.exec(this.source);
    if (!match?.[1]) return undefined;
    const before = this.position;
    const assignment: Assignment = { name: match[1], append: false, value: { parts: [], source: "" } };
    this.position += match[0].length;
    if (match[2] === "[") {
      const start = this.position;
      const parts = this.parts("brace", "]\n");
      const index = this.wordFrom(start, parts);
      const operator = /\]\+?=/y;
      operator.lastIndex = this.position;
      const found = operator.exec(this.source)?.[0];
      if (!found) {
        this.position = before;
        return undefined;
      }
      this.position += found.length;
      assignment.index = index;
      assignment.append = found === "]+=";
    } else assignment.append = match[2] === "+=";
    assignment.value = this.#at() === "(" && !assignment.index ? this.#array() : this.#word();
    return assignment;
  }

  #array(): ArrayElement[] {
    const start = this.position;
    this.position += 1;
    const elements: ArrayElement[] = [];
    for (;;) {
      this.#newlines();
      if (this.position >= this.source.length) throw this.unclosed(")", start);
      if (this.#at() === ")") {
        this.position += 1;
        return elements;
      }
      if (this.#at() === "[") {
        const before = this.position;
        this.position += 1;
        const indexStart = this.position;
        const parts = this.parts("brace", "] \n");
        const index = this.wordFrom(indexStart, parts);
        const operator = /\]\+?=/y;
        operator.lastIndex = this.position;
        const found = operator.exec(this.source)?.[0];
        if (found) {
          this.position += found.length;
          elements.push({ index, append: found === "]+=", value: this.#word() });
          continue;
        }
        this.position = before;
      }
      if (";&|<>(".includes(this.#at()) && this.#at(1) !== "(") throw this.#unexpected();
      elements.push({ append: false, value: this.#word() });
    }
  }

  #redirection(): Redirection | undefined {
    this.#blanks();
    const pattern = /(\d+|\{[A-Za-z_][A-Za-z0-9_]*\})?(&>>|&>|<<<|<<-|<<|<>|<&|>&|>>|>\||<|>)/y;
    pattern.lastIndex = this.position;
    const match = pattern.exec(this.source);
    const operator = match?.[2];
    if (!match || !operator) return undefined;
    if ((operator === "<" || operator === ">") && this.source[this.position + match[0].length] === "(")
      return undefined;
    const line = this.lineAt(this.position);
    this.position += match[0].length;
    this.#blanks();
    if (wordStops.includes(this.#at() || "\n") && !("<>".includes(this.#at()) && this.#at(1) === "("))
      throw this.#unexpected();
    const target = this.#word();
    const redirection: Redirection = {
      operator: (operator === "<<-" ? "<<" : operator) as Redirection["operator"],
      target,
    };
    if (match[1] !== undefined)
      redirection.descriptor = match[1].startsWith("{") ? match[1].slice(1, -1) : Number(match[1]);
    if (operator === "<<" || operator === "<<-") {
      const quoted = /['"\\]/.test(target.source);
      const delimiter = target.parts.map(literalText).join("");
      this.#heredocs.push({ redirection, delimiter, quoted, stripTabs: operator === "<<-", line });
    }
    return redirection;
  }
}

function literalText(part: Word["parts"][number]): string {
  if (part.type === "text" || part.type === "quoted") return part.value;
  if (part.type === "double") return part.parts.map(literalText).join("");
  return part.type === "parameter" ? part.parameter.source : "";
}
