import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';

/** Structured log with JSON lines on stdout. Pass objects as fields and a sentence as the message. Never pass secrets. */
export type Log = Logger;

/** Field names whose values never reach the log, at the top and one level below. */
const SECRET_FIELDS = [
  'password',
  'secret',
  'secretKey',
  'secret_key',
  'token',
  'authorization',
  'Authorization',
  'data',
  'stringData',
];

/**
 * The log of a process.
 * to: destination instead of stdout.
 * level: trace, debug, info, warn, error, fatal or silent.
 */
export function createLog(options: { name: string; level?: string; to?: DestinationStream }): Log {
  const settings: LoggerOptions = {
    name: options.name,
    level: options.level ?? 'info',
    redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]), censor: '[redacted]' },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  };
  return options.to ? pino(settings, options.to) : pino(settings);
}
