const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const two = (value: number): string => String(value).padStart(2, "0");

/** `Wed 2024-02-28 10:15:00 UTC`; machines live in UTC. */
export function longTime(at: number): string {
  const date = new Date(at);
  return `${days[date.getUTCDay()] ?? ""} ${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())} ${clockTime(at)} UTC`;
}

export function clockTime(at: number): string {
  const date = new Date(at);
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
}

/** `Feb 28 10:15:00`, as the journal shows it. */
export function shortTime(at: number): string {
  const date = new Date(at);
  return `${months[date.getUTCMonth()] ?? ""} ${two(date.getUTCDate())} ${clockTime(at)}`;
}

/** systemd's way to say how long ago something was: the two largest parts, `1min 5s ago`. */
export function ago(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds === 0) return `${Math.max(0, Math.floor(ms))}ms ago`;
  const parts: string[] = [];
  const hours = Math.floor(seconds / 3600);
  if (hours >= 24) return `${Math.floor(hours / 24)} day${hours >= 48 ? "s" : ""} ago`;
  if (hours > 0) parts.push(`${hours}h`);
  const minutes = Math.floor((seconds % 3600) / 60);
  if (minutes > 0) parts.push(`${minutes}min`);
  if (hours === 0 && seconds % 60 > 0) parts.push(`${seconds % 60}s`);
  return `${parts.join(" ")} ago`;
}
