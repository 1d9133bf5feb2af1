import * as vscode from 'vscode';
import type { Connection } from './client';
import type { SessionInfo, WireEvent } from './protocol';
import { Throttle } from './throttle';

const REFRESH_MS = 300;

/** The workspace's sessions as the host tells them: nothing is worked out here, events only say when to ask. */
export class Sessions implements vscode.Disposable {
  private known = new Map<string, SessionInfo>();
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly all = new Throttle(REFRESH_MS, () => this.refreshAll());
  private readonly running = new Throttle(REFRESH_MS, () => this.refreshRunning());
  private readonly disposables: vscode.Disposable[];

  readonly onDidChange = this.changed.event;

  constructor(
    private readonly connection: Connection,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.disposables = [
      this.changed,
      this.all,
      this.running,
      connection.onDidChange((connected) => connected && this.all.call()),
      connection.onEvent((event) => this.heard(event)),
    ];
  }

  /** Those that work now or wait for a person, newest first. */
  get active(): SessionInfo[] {
    return [...this.known.values()].filter(({ state }) => state === 'running' || state === 'waiting');
  }

  /** Those that came to rest before they were done, newest first. */
  get resumable(): SessionInfo[] {
    return [...this.known.values()].filter(({ state }) => state !== 'running' && state !== 'waiting' && state !== 'done');
  }

  /** The one to speak of: the newest that is active, else the newest. */
  get current(): SessionInfo | undefined {
    return this.active[0] ?? this.known.values().next().value;
  }

  get(session: string): SessionInfo | undefined {
    return this.known.get(session);
  }

  /** Newest first. */
  list(): SessionInfo[] {
    return [...this.known.values()];
  }

  dispose(): void {
    this.disposables.forEach((disposable) => disposable.dispose());
  }

  /** A step changes one of the sessions that run, which are few; only a change of state needs the whole list. */
  private heard(event: WireEvent): void {
    if (event.kind.startsWith('session.')) {
      this.all.call();
    } else if (event.kind === 'model.replied' || event.kind === 'window.started') {
      this.running.call();
    }
  }

  private async refreshAll(): Promise<void> {
    await this.update(async () => {
      const { sessions } = await this.connection.request('cairn/session/list', {});
      this.known = new Map(sessions.map((info) => [info.session, info]));
    });
  }

  private async refreshRunning(): Promise<void> {
    await this.update(async () => {
      const { running } = await this.connection.request('cairn/host/status', {});
      running.forEach((info) => this.known.set(info.session, info));
    });
  }

  private async update(ask: () => Promise<void>): Promise<void> {
    try {
      await ask();
      this.changed.fire();
    } catch (error) {
      this.log.warn(`the sessions could not be read: ${String(error)}`);
    }
  }
}
