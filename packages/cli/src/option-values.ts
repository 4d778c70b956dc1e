import { parseDuration, VltairError } from '@vltair/protocol';
import { runStatuses, type RunStatus } from '@vltair/server';

/** The options of a command as they were typed. */
export type Options = Readonly<Record<string, string | boolean | undefined>>;

export function textOption(options: Options, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

export function flagOption(options: Options, name: string): boolean {
  return options[name] === true;
}

/** A whole number in a range. @throws VltairError `invalid_argument/usage` naming the option. */
export function integerOption(options: Options, name: string, least: number): number | undefined {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least) return value;
  throw unfit(name, `a whole number, ${least} or more`, text);
}

/** Milliseconds of a duration such as `30s`. @throws VltairError `invalid_argument/usage` naming the option. */
export function durationOption(options: Options, name: string): number | undefined {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  const value = parseDuration(text);
  if (value !== undefined && value > 0) return value;
  throw unfit(name, 'a duration such as 90s, 30m or 1h30m', text);
}

/** One of the words. @throws VltairError `invalid_argument/usage` naming the option. */
export function choiceOption<T extends string>(options: Options, name: string, choices: readonly T[]): T | undefined {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  const choice = choices.find((each) => each === text);
  if (choice !== undefined) return choice;
  throw unfit(name, `one of ${choices.join(', ')}`, text);
}

/** Statuses of runs, separated by commas. @throws VltairError `invalid_argument/usage` naming the option. */
export function statusesOption(options: Options, name: string): readonly RunStatus[] | undefined {
  return textOption(options, name)
    ?.split(',')
    .map((word) => {
      const status = runStatuses.find((each) => each === word.trim());
      if (status !== undefined) return status;
      throw unfit(name, runStatuses.join(', '), word);
    });
}

/** The option as it is typed: `maxCandidates` is `--max-candidates`. */
function unfit(name: string, expected: string, text: string): VltairError {
  const typed = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  return new VltairError('invalid_argument/usage', {
    detail: `${typed} takes ${expected}, not "${text}"`,
    where: typed,
  });
}
