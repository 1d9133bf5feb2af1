import * as vscode from 'vscode';
import {
  CloseAction, ErrorAction, LanguageClient, RevealOutputChannelOn, State,
  type DynamicFeature, type InitializeParams, type StaticFeature,
} from 'vscode-languageclient/node';
import { hiding } from './hiding';
import { PROTOCOL_VERSION, type EventNotice, type Requests, type ViewRow, type ViewsNotice, type WireEvent } from './protocol';
import { ServerError, type Servers } from './server';
import { ServerProcess } from './serverProcess';

/** A server that has not answered by then is ended. */
const ANSWER_MS = 30_000;

/** A server that crashes more often than this is left alone until the user restarts it. */
const CRASHES = 4;
const CRASHES_WITHIN_MS = 180_000;

/** Views that may look other than before, and how things stand; with the first one, the session that may be offered to go on. */
export interface ViewNews extends ViewsNotice {
  readonly interrupted?: ViewRow | null;
}

/** The extension's only way to the host. Owns the language client and the server process. */
export class Connection implements vscode.Disposable {
  /** What never goes into the log. */
  readonly secrets = new Set<string>();

  private readonly changed = new vscode.EventEmitter<boolean>();
  private readonly events = new vscode.EventEmitter<WireEvent>();
  private readonly views = new vscode.EventEmitter<ViewNews>();
  private opening: Promise<Line> | undefined;
  private line: Line | undefined;
  private lastSeq: number | undefined;
  private crashes: number[] = [];
  private home = '';
  private broken = false;

  /** True: connected, and what was asked of the host before may be out of date. False: lost. */
  readonly onDidChange = this.changed.event;
  /** Every durable event, in order, each once, also across a restart of the server. */
  readonly onEvent = this.events.event;
  readonly onViews = this.views.event;

  constructor(
    readonly folder: vscode.WorkspaceFolder,
    private readonly servers: Servers,
    private readonly log: vscode.LogOutputChannel,
    private readonly face: readonly string[] = ['lsp', '--stdio'],
  ) {}

  get connected(): boolean {
    return this.line !== undefined;
  }

  /** It was there, and is not. */
  get lost(): boolean {
    return this.broken;
  }

  /** It is there, is about to be, or was. */
  get attended(): boolean {
    return this.broken || this.opening !== undefined;
  }

  /** What the host works for, once connected: folders of one repository have the same. */
  get workspace(): string {
    return this.home;
  }

  /** The commands that the host announces; none while there is no connection. */
  get commands(): readonly string[] {
    return this.line?.client.initializeResult?.capabilities.executeCommandProvider?.commands ?? [];
  }

  /** When the connection that is being made is there, or is not to be had. */
  async settled(): Promise<void> {
    await this.opening?.catch(() => undefined);
  }

  /** Starts the server unless it runs. Throws ServerError. */
  async start(): Promise<void> {
    await this.connect();
  }

  /** Looks for the server anew and starts it. The host and its runs go on meanwhile. */
  async restart(): Promise<void> {
    this.crashes = [];
    await this.hangUp();
    await this.connect();
  }

  /** Asks the host, starting the server when needed. Throws ServerError, or the host's refusal. */
  async request<M extends keyof Requests>(method: M, params: Requests[M]['params']): Promise<Requests[M]['result']> {
    const { client } = await this.connect();
    return await ask(client, method, params);
  }

  /** Has the host do one of the commands that it announces. Throws ServerError, or the host's refusal. */
  async execute(command: string, args: unknown[]): Promise<unknown> {
    const { client } = await this.connect();
    return await client.sendRequest('workspace/executeCommand', { command, arguments: args });
  }

  /** Tells the host something, when it is there; nothing is started for that. */
  tell<M extends keyof Requests>(method: M, params: Requests[M]['params']): void {
    this.line?.client.sendNotification(method, params).catch((error: unknown) => this.log.debug(text(error)));
  }

  dispose(): void {
    void this.hangUp();
    this.changed.dispose();
    this.events.dispose();
    this.views.dispose();
  }

  private async connect(): Promise<Line> {
    this.opening ??= this.open();
    try {
      return await this.opening;
    } catch (error) {
      this.opening = undefined;
      throw error;
    }
  }

  private async open(): Promise<Line> {
    const server = await this.servers.find(this.folder.uri);
    const process = await ServerProcess.start(server, this.folder.uri.fsPath, this.face);
    this.log.info(`started ${process.title}`);
    const line = { process, client: this.client(process) };
    let answered = true;
    let followed: Requests['cairn/views/follow']['result'];
    const impatience = setTimeout(() => {
      answered = false;
      process.child.kill();
    }, ANSWER_MS);
    try {
      await line.client.start();
      checkVersion(line.client);
      followed = await this.subscribe(line.client);
    } catch (error) {
      const ending = await process.end();
      if (error instanceof ServerError) {
        throw error;
      }
      const reason = answered ? process.lastWords || `${text(error)}; ${ending}` : `no answer within ${ANSWER_MS / 1000} seconds`;
      throw new ServerError(`The Cairn server did not start: ${process.title}: ${reason}`);
    } finally {
      clearTimeout(impatience);
    }
    this.line = line;
    line.client.onDidChangeState(({ newState }) => newState === State.Stopped && this.lose(line));
    this.broken = false;
    this.changed.fire(true);
    this.views.fire({ views: [], ...followed });
    return line;
  }

  private client(process: ServerProcess): LanguageClient {
    const client = new QuietClient('cairn', 'Cairn', () => Promise.resolve(process.child), {
      // All files: the agent reads what is not saved yet. Features for our own pages the host registers for those.
      documentSelector: [{ scheme: 'file' }],
      workspaceFolder: this.folder,
      outputChannel: hiding(this.log, this.secrets),
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationFailedHandler: () => false,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => ({ action: CloseAction.DoNotRestart, handled: true }), // `lose` does: the server is looked for anew
      },
    });
    client.onNotification('cairn/views/changed', (news: ViewsNotice) => this.views.fire(news));
    client.onNotification('cairn/event', ({ event }: EventNotice) => this.receive(event));
    return client;
  }

  /** From the newest event on at first; later from the last one that was seen. */
  private async subscribe(client: LanguageClient): Promise<Requests['cairn/views/follow']['result']> {
    const [{ last_seq }, followed] = await Promise.all([
      ask(client, 'cairn/events/subscribe', { since: this.lastSeq ?? null, session: null, stream: false, answers: true }),
      ask(client, 'cairn/views/follow', {}),
    ]);
    this.lastSeq ??= last_seq;
    this.home = followed.workspace;
    return followed;
  }

  private receive(event: WireEvent): void {
    if (event.seq > (this.lastSeq ?? 0)) {
      this.lastSeq = event.seq;
      this.events.fire(event);
    }
  }

  private lose(line: Line): void {
    if (line !== this.line) {
      return;
    }
    this.line = this.opening = undefined;
    this.broken = true;
    this.changed.fire(false);
    const now = Date.now();
    this.crashes = [...this.crashes.filter((time) => now - time < CRASHES_WITHIN_MS), now];
    if (this.crashes.length <= CRASHES) {
      this.log.warn('the connection was lost; starting the server again');
      this.connect().catch((error: unknown) => this.log.error(text(error)));
    } else {
      this.log.error(`the server was lost ${this.crashes.length} times in a short while; "Cairn: Restart Server" tries again`);
    }
  }

  private async hangUp(): Promise<void> {
    const opening = this.opening;
    this.line = this.opening = undefined;
    const line = await opening?.catch(() => undefined);
    if (line) {
      this.line = undefined;
      try {
        await line.client.dispose();
      } catch (error) {
        this.log.debug(`while stopping: ${text(error)}`);
      }
      this.log.info(`the server ended: ${await line.process.end()}`);
    }
  }
}

interface Line {
  readonly client: LanguageClient;
  readonly process: ServerProcess;
}

/**
 * Logs errors and shows none: the command that failed tells the user, once and with a way on. It leaves the host's own
 * commands to the extension: VS Code knows a command once, and each folder of the window has a client. Progress of runs
 * stands in the status bar item and the views.
 */
class QuietClient extends LanguageClient {
  protected override fillInitializeParams(params: InitializeParams): void {
    super.fillInitializeParams(params);
    params.capabilities.window = { ...params.capabilities.window, workDoneProgress: false };
  }

  override registerFeature(feature: StaticFeature | DynamicFeature<unknown>): void {
    if (!('registrationType' in feature && feature.registrationType.method === 'workspace/executeCommand')) {
      super.registerFeature(feature);
    }
  }

  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

/** Throws ServerError when the server speaks another version of the protocol, or none. */
function checkVersion(client: LanguageClient): void {
  const offered = client.initializeResult?.capabilities.experimental as { cairn?: { version?: number } } | undefined;
  const version = offered?.cairn?.version;
  if (version !== PROTOCOL_VERSION) {
    throw new ServerError(
      `This extension speaks version ${PROTOCOL_VERSION} of Cairn's protocol and the server speaks ${version ?? 'none'}: update the older of the two.`,
    );
  }
}

function ask<M extends keyof Requests>(client: LanguageClient, method: M, params: Requests[M]['params']): Promise<Requests[M]['result']> {
  return client.sendRequest<Requests[M]['result']>(method, params);
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
