import { loginEnvironment } from "./scripts.ts";

/** Keys that our side presses at the prompt; nobody's keyboard sends them. */
export const keys = {
  clear: "\u001b[9002~",
  pasteBegin: "\u001b[200~",
  pasteEnd: "\u001b[201~",
  accept: "\u001b[9001~",
  complete: "\u001b[9003~",
  ping: "\u001b[9004~",
} as const;

/** Kinds of marks that the shell sends to our side. */
export type MarkKind = "begin" | "status" | "prompt" | "ready" | "more" | "start" | "reply" | "pong" | "edit";

/** Separates the parts of a mark and of a request. */
export const separator = "\u001f";

export const markBegin = (token: string): string => `\u001b]7770;${token};`;
export const markEnd = (token: string): string => `;${token}\u0007`;

/**
 * Makes a terminal with a lasting bash in it. Arguments: path for the startup file, path for the editor, folder and
 * number of the shell's state, columns, rows. Standard input: startup file, NUL, editor, NUL, then what is typed.
 * When standard input ends, the shell keeps its state and ends; when the shell ends by itself, its state is forgotten.
 */
export const shellScript = `
${loginEnvironment}
startup=$1 editor=$2 state=$home/$3/$4
umask 077
set -C
IFS= read -rd '' text && printf '%s' "$text" >"$startup"
IFS= read -rd '' text && printf '%s' "$text" >"$editor"
set +C
chmod 755 -- "$editor"
umask 0002
login+=(TERM=xterm-256color PAGER=cat SYSTEMD_PAGER=cat EDITOR="$editor" VISUAL="$editor" COLUMNS="$5" LINES="$6"
  __wkl_startup="$startup" __wkl_editor="$editor" __wkl_state="$state")
command=$(printf '%q ' exec env -i "\${login[@]}" bash --rcfile "$startup" -i)
export SHELL=/bin/bash
exec 3<&0 5>&1
coproc pty { exec script -qfec "stty rows $6 cols $5 -echo; $command" /dev/null >&5 5>&- 3<&-; }
terminal=$pty_PID
exec 4>&"\${pty[1]}"
cat <&3 >&4 5>&- 2>/dev/null &
keyboard=$!
exec {pty[1]}>&- {pty[0]}<&-
# The terminal's input stays open here: at its end bash would leave of its own accord, while it is being told to.
exec 3<&- 5>&- </dev/null {idle}<> <(:)
rest() { read -rt 0.1 -u "$idle" _; }
# A number that means several processes must never get to kill.
process() { [[ $1 =~ ^[1-9][0-9]*$ ]] && [ "$1" -gt 1 ]; }
process "$terminal" || exit 1
wait -n "$terminal" "$keyboard"
if kill -0 "$terminal" 2>/dev/null; then
  shell=$(ps -o pid= --ppid "$terminal")
  shell=\${shell//[[:space:]]/}
  process "$shell" && pkill -HUP -s "$shell"
  for ((tries = 0; tries < 20; tries += 1)); do kill -0 "$terminal" 2>/dev/null || break; rest; done
  kill -HUP "$terminal" 2>/dev/null
  for ((tries = 0; tries < 20; tries += 1)); do process "$shell" && [ -d "/proc/$shell" ] || break; rest; done
  code=129
else
  wait "$terminal"
  code=$?
  rm -f -- "$state" "$state.options" "$state.history"
fi
kill "$keyboard" 2>/dev/null
rm -f -- "$startup" "$editor"
exit "$code"
`;

/**
 * What the shell reads at its start: the user's own startup files, then our side of the conversation. The terminal does
 * not show what is typed (our side does that), so everything that it prints is to be shown, except marks.
 */
export const startupFile = (token: string): string => `
rm -f -- "$__wkl_startup"
declare +x COLUMNS LINES __wkl_startup __wkl_editor __wkl_state
PS1='\\u@\\h:\\w\\$ '
[ -r /etc/profile ] && . /etc/profile
for __wkl_file in ~/.bash_profile ~/.bash_login ~/.profile; do
  [ -r "$__wkl_file" ] && { . "$__wkl_file"; break; }
done
unset __wkl_file __wkl_startup
__wkl_token=${token}
__wkl_first=1
__wkl_ps0='\\e]7770;\${__wkl_token};start;\${__wkl_token}\\a'
__wkl_ps2='\\e]7770;\${__wkl_token};more;\${__wkl_token}\\a'
__wkl_open='\\e]7770;\${__wkl_token};prompt;\${__wkl_token}\\a'
__wkl_shut='\\e]7770;\${__wkl_token};ready;\${__wkl_token}\\a'

__wkl_mark() { printf '\\e]7770;%s;%s;%s\\a' "$__wkl_token" "$1" "$__wkl_token" >/dev/tty; }

__wkl_prompt() {
  local - last=
  set +eux
  stty -echo </dev/tty
  if [ -n "$__wkl_first" ]; then
    __wkl_first=
    if [ -r "$__wkl_state.history" ]; then
      history -c
      history -r "$__wkl_state.history"
    fi
    __wkl_mark "begin;$(tty)"$'\\x1f'"$$"$'\\x1f'"$(HISTTIMEFORMAT= history 1000)"
  fi
  last=$(HISTTIMEFORMAT= history 1)
  PS0=$__wkl_ps0 PS2=$__wkl_ps2
  if [[ \${PS1-} != "$__wkl_open"*"$__wkl_shut" ]]; then
    PS1=\${PS1-}
    PS1=\${PS1//"$__wkl_open"/}
    PS1=$__wkl_open\${PS1//"$__wkl_shut"/}$__wkl_shut
  fi
  shopt -s promptvars
  __wkl_mark "status;$1"$'\\x1f'"$last"
}

__wkl_pong() {
  __wkl_mark "pong;$READLINE_LINE"
  READLINE_LINE= READLINE_POINT=0
}

__wkl_complete() {
  local request=$READLINE_LINE
  READLINE_LINE= READLINE_POINT=0
  __wkl_mark "reply;\${request%%$'\\x1f'*}"$'\\x1f'"$(set +eux; __wkl_candidates "$request" </dev/null 2>/dev/null)"
}

# Request: number, kind of word, the word without its quotes, then all words of the command as they were typed.
__wkl_candidates() {
  local IFS=$' \\t\\n' kind word name spec loader options= handler= found
  local -a request words arguments=() parts
  IFS=$'\\x1f' read -ra request <<<"$1"$'\\x1f'
  kind=\${request[1]} word=\${request[2]}
  words=("\${request[@]:3}")
  case $kind in
    variable) compgen -A variable -P 'name ' -- "$word"; return ;;
    command)
      if [[ $word == */* ]]; then __wkl_files "$word" program
      else compgen -A command -P 'word ' -- "$word"; fi
      return
      ;;
  esac
  name=\${words[0]##*/}
  if ! spec=$(complete -p -- "$name"); then
    loader=$(complete -p -D)
    if [[ $loader =~ -F\\ ([^ ]+) ]]; then
      "\${BASH_REMATCH[1]}" "$name" "$word" '' >/dev/null
      spec=$(complete -p -- "$name")
    fi
  fi
  if [ -n "$spec" ]; then
    eval "parts=($spec)"
    unset 'parts[0]' 'parts[-1]'
    set -- "\${parts[@]}"
    while [ "$#" -gt 0 ]; do
      case $1 in
        -F) handler=$2; shift 2 ;;
        -o) options+=" $2 "; shift 2 ;;
        *) arguments+=("$1"); shift ;;
      esac
    done
    compopt() {
      while [ "$#" -gt 0 ]; do
        case $1 in
          -o) options+=" $2 "; shift ;;
          +o) options=\${options// $2 /}; shift ;;
        esac
        shift
      done
    }
    COMP_WORDS=("\${words[@]}") COMP_CWORD=$((\${#words[@]} - 1)) COMP_TYPE=9 COMP_KEY=9 COMPREPLY=()
    COMP_LINE="\${words[*]}" COMP_POINT=\${#COMP_LINE}
    [ -n "$handler" ] && "$handler" "$name" "\${words[-1]}" "\${words[\${#words[@]} - 2]}" >/dev/null
    if [ "\${#arguments[@]}" -gt 0 ]; then
      mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen "\${arguments[@]}" -- "$word")
    fi
    for found in "\${COMPREPLY[@]}"; do
      if [[ $options == *' filenames '* ]]; then __wkl_file "$found"
      elif [[ $options == *' nospace '* ]]; then printf 'part %s\\n' "$found"
      else printf 'word %s\\n' "\${found% }"; fi
    done
    [ "\${#COMPREPLY[@]}" -gt 0 ] && return
    [[ $options == *default\\ * || $options == *' filenames '* ]] || return
  fi
  case $name in
    cd | pushd | rmdir) __wkl_files "$word" folder ;;
    *) __wkl_files "$word" any ;;
  esac
}

__wkl_file() {
  local path=$1
  [[ $path == '~/'* ]] && path=$HOME/\${path#'~/'}
  if [ -d "$path" ]; then printf 'folder %s\\n' "\${1%/}"; else printf 'file %s\\n' "$1"; fi
}

__wkl_files() {
  local found path
  while IFS= read -r found; do
    path=$found
    [[ $path == '~/'* ]] && path=$HOME/\${path#'~/'}
    if [ -d "$path" ]; then printf 'folder %s\\n' "$found"
    elif [ "$2" = any ] || [[ $2 == program && -x $path ]]; then printf 'file %s\\n' "$found"; fi
  done < <(compgen -A file -- "$1")
}

# Keeps what the next shell of this number begins with.
__wkl_save() {
  { set +o; } >|"$__wkl_state.options.new" 2>/dev/null || {
    mkdir -p -m 700 -- "\${__wkl_state%/*}"
    { set +o; } >|"$__wkl_state.options.new"
  }
  local -
  set +eux
  local __wkl_name
  {
    printf 'cd -- %q\\n' "$PWD"
    umask -p
    alias -p
    trap -p | grep -v ' EXIT$'
    printf 'IFS=%q\\n' "\${IFS-}"
    local IFS=$' \\t\\n'
    for __wkl_name in $(compgen -A variable); do
      case $__wkl_name in
        __wkl* | _ | BASH* | COMP_* | COMPREPLY | COLUMNS | LINES | DBUS_* | DIRSTACK | EDITOR | EPOCH* | EUID) ;;
        FUNCNAME | GROUPS | HISTCMD | IFS | LINENO | OPTIND | PIPESTATUS | PPID | PROMPT_COMMAND | PS0 | PS2) ;;
        PWD | RANDOM | READLINE_* | SECONDS | SHELLOPTS | SHLVL | SRANDOM | SSH_* | TERM | UID | VISUAL | XDG_*) ;;
        *) declare -p "$__wkl_name" ;;
      esac
    done
    for __wkl_name in $(compgen -A function); do
      [[ $__wkl_functions == *" $__wkl_name "* ]] || declare -f "$__wkl_name"
    done
    shopt -p | grep -v -e login_shell -e restricted_shell
  } >|"$__wkl_state.new" 2>/dev/null
  HISTTIMEFORMAT=1 history -w "$__wkl_state.history"
  mv -f -- "$__wkl_state.options.new" "$__wkl_state.options"
  mv -f -- "$__wkl_state.new" "$__wkl_state"
}

nano() { "$__wkl_editor" --as=nano "$@"; }
vi() { "$__wkl_editor" --as=vi "$@"; }
vim() { "$__wkl_editor" --as=vim "$@"; }
edit() { "$__wkl_editor" --as=edit "$@"; }

# An editor is ours for root too, and sudo would not pass on that there is no pager here.
sudo() {
  local __wkl_at=1
  while [ "$__wkl_at" -le "$#" ]; do
    case \${!__wkl_at} in
      -[CDghpRrTtUu]) __wkl_at=$((__wkl_at + 2)) ;;
      -* | *=*) __wkl_at=$((__wkl_at + 1)) ;;
      *) break ;;
    esac
  done
  set -- "$__wkl_at" "$@"
  case \${*:$(($1 + 1)):1} in
    nano | vi | vim | edit)
      command sudo "\${@:2:$1-1}" "$__wkl_editor" "--as=\${*:$(($1 + 1)):1}" "\${@:$(($1 + 2))}" ;;
    journalctl | loginctl | man | systemctl | timedatectl)
      command sudo "\${@:2:$1-1}" PAGER=cat SYSTEMD_PAGER=cat "\${@:$(($1 + 1))}" ;;
    *) command sudo "\${@:2}" ;;
  esac
}

bind 'set enable-bracketed-paste off'
for __wkl_map in emacs-standard vi-insert; do
  bind -m "$__wkl_map" '"\\e[200~": bracketed-paste-begin'
  bind -m "$__wkl_map" '"\\e[9001~": accept-line'
  bind -m "$__wkl_map" '"\\e[9002~": kill-whole-line'
  bind -m "$__wkl_map" -x '"\\e[9003~": __wkl_complete'
  bind -m "$__wkl_map" -x '"\\e[9004~": __wkl_pong'
  # What a command left unread must not become the next one.
  bind -m "$__wkl_map" '"\\C-m": ""'
  bind -m "$__wkl_map" '"\\C-j": ""'
  bind -m "$__wkl_map" '"\\C-d": ""'
  bind -m "$__wkl_map" '"\\t": ""'
done
unset __wkl_map
trap __wkl_save EXIT
__wkl_functions=" $(compgen -A function | tr '\\n' ' ') "
if [ -r "$__wkl_state" ]; then . "$__wkl_state" 2>/dev/null; fi
__wkl_hook='{ __wkl_prompt "$?"; } 2>/dev/null'
if [ "$((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1]))" -ge 501 ]; then PROMPT_COMMAND[90]=$__wkl_hook
else PROMPT_COMMAND="$__wkl_hook\${PROMPT_COMMAND:+; $PROMPT_COMMAND}"; fi
if [ -r "$__wkl_state.options" ]; then . "$__wkl_state.options" 2>/dev/null; fi
`;

/** The program that stands for every editor: asks our side to show the file, and ends when it has been closed. */
export const editorFile = (token: string): string => `#!/bin/bash
name=editor
case \${1-} in --as=*) name=\${1#--as=}; shift ;; esac
file=
for word; do
  case $word in -?* | +?*) ;; *) file=\${file:-$word} ;; esac
done
if [ -z "$file" ]; then
  echo "$name: name the file to edit, for example: $name notes.txt" >&2
  exit 1
fi
case $file in /*) path=$file ;; *) path=$PWD/$file ;; esac
if [ -d "$path" ]; then
  echo "$file is a directory" >&2
  exit 1
fi
if [ -e "$path" ] && [ ! -r "$path" ]; then
  echo "Error reading $file: Permission denied" >&2
  exit 1
fi
if [ -e "$path" ]; then [ -w "$path" ]; else [ -w "\${path%/*}/" ]; fi
locked=$?
exec 3<>/dev/tty
printf '\\e]7770;%s;edit;%s\\x1f%s\\x1f%s\\x1f%s\\x1f%s;%s\\a' ${token} "$locked" "$(umask)" "$(id -un)" "$file" "$path" ${token} >&3
while IFS= read -r answer <&3; do
  case $answer in
    '${token} close') exit 0 ;;
    '${token} none')
      echo "$name: there is no editor here because there is no terminal; change $file with tee or sed" >&2
      exit 1
      ;;
  esac
done
exit 1
`;

/** Arguments: octal umask, path, number of bytes on standard input. Nothing is changed unless all of them came. */
export const saveScript = `
umask "$1"
new=$(mktemp) || exit 1
trap 'rm -f -- "$new"' EXIT
cat >"$new"
if [ "$(stat -c %s -- "$new")" -ne "$3" ]; then echo "the connection was lost" >&2; exit 1; fi
cat -- "$new" >"$2"
`;
