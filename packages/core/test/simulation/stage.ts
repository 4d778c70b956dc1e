import type { VirtualClock } from '../../src/simulation/virtual-clock.ts';
import type { Choices } from './choices.ts';

/** A process of the simulated world: a worker, or the people in front of it. */
export interface Actor {
  readonly name: string;
  readonly clock: VirtualClock;
  readonly isAlive: boolean;
  readonly isFrozen: boolean;
  /** Takes part in one of that many turns only. */
  readonly slowness: number;
}

/** Something that will happen when its turn comes. */
export interface Turn {
  readonly actor: Actor;
  readonly label: string;
  /** Not before this time. */
  readonly due: number;
  /** `request`: on its way out of its actor, so that it may arrive even when the actor has died meanwhile. */
  readonly kind: 'request' | 'reply' | 'own';
  readonly run: () => void;
}

/** How long a turn takes, in milliseconds: some turns share a millisecond. */
const TURN_MS = 0.25;

/** Timers of this delay are how the runtime polls; time does not jump from one to the next while others wait. */
const POLL_MS = 100;

/**
 * One thing happens at a time, in an order that is chosen: every port call is a request that arrives in one turn and a
 * reply that arrives in another, and a timer is a turn of its own. Between two turns all that follows at once has
 * followed, since nothing else waits.
 */
export class Stage {
  readonly #choices: Choices;
  readonly #actors = new Set<Actor>();
  readonly #orphans = new Set<Turn>();
  #turns: Turn[] = [];
  #now = 0;
  #taken = 0;

  constructor(choices: Choices) {
    this.#choices = choices;
  }

  /** Milliseconds since the beginning. */
  get now(): number {
    return this.#now;
  }

  /** Turns that have been taken. */
  get taken(): number {
    return this.#taken;
  }

  enter(actor: Actor): void {
    actor.clock.pass(this.#now);
    this.#actors.add(actor);
  }

  /** A dead actor takes no turn any more. Its requests on the way are lost, or arrive all the same. */
  leave(actor: Actor, arrives: (turn: Turn) => boolean): void {
    this.#actors.delete(actor);
    const requests = this.#turns.filter((turn) => turn.actor === actor && turn.kind === 'request' && arrives(turn));
    for (const turn of requests) this.#orphans.add(turn);
    this.#turns = this.#turns.filter((turn) => turn.actor !== actor || this.#orphans.has(turn));
  }

  add(turn: Turn): void {
    if (turn.actor.isAlive) this.#turns.push(turn);
  }

  /** The next turn, time moved on to it; `undefined` when nothing will ever happen again. */
  next(): Turn | undefined {
    this.#pass(TURN_MS);
    const ready = this.#ready();
    const isJump = ready.length === 0 || this.#choices.chance('schedule', 4);
    const due = isJump ? this.#jumpTo() : undefined;
    if (due !== undefined) this.#pass(Math.max(0, due - this.#now));
    const candidates = due === undefined ? ready : this.#ready();
    const turn = candidates[this.#choices.pickEarly('schedule', candidates.length)];
    if (turn === undefined) return undefined;
    this.#taken += 1;
    this.#turns = this.#turns.filter((other) => other !== turn);
    this.#orphans.delete(turn);
    return turn;
  }

  /** Requests of an actor that have not arrived. */
  onTheWay(actor: Actor): number {
    return this.#turns.filter((turn) => turn.actor === actor && turn.kind === 'request').length;
  }

  /** Nothing is under way: all wait for time to pass. */
  get isQuiet(): boolean {
    return this.#ready().length === 0;
  }

  #pass(milliseconds: number): void {
    this.#now += milliseconds;
    for (const { clock } of this.#actors) clock.pass(milliseconds);
  }

  #ready(): readonly Turn[] {
    const turns = this.#turns.filter((turn) => turn.due <= this.#now && this.#mayAct(turn));
    const timers = [...this.#actors].filter(({ isFrozen }) => !isFrozen).flatMap(timerOf);
    const all = [...turns, ...timers];
    const prompt = all.filter(({ actor }) => this.#taken % actor.slowness === 0);
    return prompt.length === 0 ? all : prompt;
  }

  #mayAct({ actor, kind }: Turn): boolean {
    return kind === 'request' || !actor.isFrozen;
  }

  /** A time at which something becomes due: the next one, or a later one, when all before it are late. */
  #jumpTo(): number | undefined {
    const awake = [...this.#actors].filter(({ isFrozen }) => !isFrozen);
    const timers = awake.flatMap(({ clock }) => clock.dueTimes.map((due) => due - clock.monotonic() + this.#now));
    const turns = this.#turns.filter((turn) => this.#mayAct(turn)).map(({ due }) => due);
    const later = [...timers, ...turns].filter((due) => due > this.#now).toSorted((left, right) => left - right);
    const far = later.filter((due) => due > this.#now + POLL_MS);
    const near = later.filter((due) => due <= this.#now + POLL_MS);
    const all = [...far, ...near];
    return all[this.#choices.pickEarly('schedule', Math.min(all.length, 4))];
  }
}

/** The earliest timer of an actor, if it is due. */
function timerOf(actor: Actor): readonly Turn[] {
  const { clock } = actor;
  const [due] = clock.dueTimes;
  if (due === undefined || due > clock.monotonic()) return [];
  return [{ actor, label: 'timer', due, kind: 'own', run: () => void clock.fireDue() }];
}
