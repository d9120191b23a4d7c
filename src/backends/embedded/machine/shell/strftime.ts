const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/** Formats `ms` since the epoch in UTC, the time zone of the machines. */
export function strftime(format: string, ms: number): string {
  const date = new Date(ms);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = days[date.getUTCDay()] ?? "";
  const month = months[date.getUTCMonth()] ?? "";
  const start = Date.UTC(date.getUTCFullYear(), 0, 1);
  const one = (letter: string): string => {
    switch (letter) {
      case "Y":
        return String(date.getUTCFullYear());
      case "y":
        return two(date.getUTCFullYear() % 100);
      case "m":
        return two(date.getUTCMonth() + 1);
      case "d":
        return two(date.getUTCDate());
      case "e":
        return String(date.getUTCDate()).padStart(2);
      case "H":
        return two(date.getUTCHours());
      case "I":
        return two(date.getUTCHours() % 12 || 12);
      case "M":
        return two(date.getUTCMinutes());
      case "S":
        return two(date.getUTCSeconds());
      case "p":
        return date.getUTCHours() < 12 ? "AM" : "PM";
      case "a":
        return day.slice(0, 3);
      case "A":
        return day;
      case "b":
      case "h":
        return month.slice(0, 3);
      case "B":
        return month;
      case "j":
        return String(Math.floor((ms - start) / 86_400_000) + 1).padStart(3, "0");
      case "s":
        return String(Math.floor(ms / 1000));
      case "z":
        return "+0000";
      case "Z":
        return "UTC";
      case "u":
        return String(date.getUTCDay() || 7);
      case "w":
        return String(date.getUTCDay());
      case "F":
        return strftime("%Y-%m-%d", ms);
      case "T":
      case "X":
        return strftime("%H:%M:%S", ms);
      case "R":
        return strftime("%H:%M", ms);
      case "D":
      case "x":
        return strftime("%m/%d/%y", ms);
      case "c":
        return strftime("%a %b %e %H:%M:%S %Y", ms);
      case "n":
        return "\n";
      case "t":
        return "\t";
      case "%":
        return "%";
      default:
        return `%${letter}`;
    }
  };
  return (format === "" ? "%X" : format).replace(/%(.)/g, (_, letter: string) => one(letter));
}
