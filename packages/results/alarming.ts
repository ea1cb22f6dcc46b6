const ALARMING = /\b(WARN(ING)?|ERROR|CRITICAL|FATAL|PANIC|Traceback|Exception|OOMKilled)\b/;

/** Whether a line of a component's log says that something is wrong. */
export function isAlarm(text: string): boolean {
  return ALARMING.test(text);
}

/** The text with "#" for each number and hexadecimal id. Lines that differ in these alone repeat each other. */
export function withoutNumbers(text: string): string {
  return text.replace(/[0-9a-f-]{8,}|\d+/g, '#');
}
