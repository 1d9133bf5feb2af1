import { existsSync } from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { Approvals } from './approvals';
import { Choices } from './choices';
import { Connection, type ViewNews } from './client';
import { Diagnostics } from './diagnostics';
import type { SessionInfo, Standing, ViewName, WireEvent } from './protocol';
import { offerResume } from './resumeOffer';
import type { Servers } from './server';
import { Node } from './tree';

/** Cairn has worked in a folder that holds this. */
const MARK = '.cairn';

/** The lens over a message: sent from here, with what this editor chooses for a run. */
const SEND = 'cairn.compose.send';

/** The host's command that needs words of the user. */
const REFACTOR = 'cairn.code.refactor';
const ASK: vscode.InputBoxOptions = { title: 'Cairn: Refactor', prompt: 'What shall become of the selected lines?', ignoreFocusOut: true };

/** How a server speaks for the demo's project: to a host with the replayed model. */
const DEMO = ['demo', '--stdio'];

/** What a folder needs of the extension. */
export interface Context {
  readonly servers: Servers;
  readonly secrets: vscode.SecretStorage;
  readonly workspaceState: vscode.Memento;
}

type Attempt = (action: () => Promise<void>) => Promise<void>;

/** A folder of the window, and what its host tells. */
export class Folder implements vscode.Disposable {
  readonly connection: Connection;
  readonly approvals: Approvals;
  readonly choices: Choices;
  /** How its host says that things stand; undefined before the first connection. */
  standing: Standing | undefined;
  /** The session whose checkpoints are shown, when the user chose one. */
  chosen: string | null = null;

  constructor(folder: vscode.WorkspaceFolder, { servers, secrets }: Context, log: vscode.LogOutputChannel, demo = false) {
    this.connection = new Connection(folder, servers, log, demo ? DEMO : undefined);
    this.approvals = new Approvals(this.connection);
    this.choices = new Choices(this.connection, demo ? undefined : secrets);
  }

  readonly sessions = {
    known: async (): Promise<SessionInfo[]> => (await this.connection.request('cairn/session/list', {})).sessions,
  };

  dispose(): void {
    this.connection.dispose();
  }
}

/** An event, and the folder whose host it is of. */
export type HostEvent = WireEvent & { readonly folder: Folder };

/** Where something begins: the folder that attends it, and its path. */
export interface Place {
  readonly folder: Folder;
  readonly root: string;
}

interface Owner {
  readonly folder: Folder;
  readonly parts: readonly vscode.Disposable[];
}

/**
 * All folders of the window. Each has a connection of its own; those that turn out to belong to one repository share a
 * host, and so everything: the first of them answers for the others.
 */
export class Folders implements vscode.Disposable {
  private readonly owners = new Map<string, Owner>();
  private readonly commands = new Map<string, vscode.Disposable>();
  private readonly connected = new vscode.EventEmitter<void>();
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly events = new vscode.EventEmitter<HostEvent>();
  private readonly views = new vscode.EventEmitter<readonly ViewName[]>();
  private readonly listener: vscode.Disposable;
  private demo = '';

  /** Folders came or went, or a connection did. */
  readonly onDidConnect = this.connected.event;
  /** How things stand in one of them. */
  readonly onDidChange = this.changed.event;
  /** These views of one of them may look other than before. */
  readonly onViews = this.views.event;
  /** An event of any of the hosts. */
  readonly onEvent = this.events.event;

  /** `attend` is told of what to start by itself. */
  constructor(
    private readonly context: Context,
    private readonly log: vscode.LogOutputChannel,
    private readonly attend: Attempt,
  ) {
    this.listener = vscode.workspace.onDidChangeWorkspaceFolders(({ removed }) => {
      removed.forEach((folder) => this.leave(folder));
      this.enterAll();
      this.connected.fire();
    });
    this.enterAll();
  }

  get all(): Folder[] {
    return [...new Set([...this.owners.values()].map(({ folder }) => folder))];
  }

  /** When each of them is connected that is about to be, or cannot be. */
  async settled(): Promise<void> {
    await Promise.all(this.all.map(({ connection }) => connection.settled()));
  }

  /** The folder that a file lies in; the first for what lies in none. */
  of(file: vscode.Uri | undefined): Folder | undefined {
    const here = file && (vscode.workspace.getWorkspaceFolder(file)?.uri.toString() ?? [...this.owners.keys()].find((uri) => file.toString().startsWith(`${uri}/`)));
    return this.owners.get(here ?? '')?.folder ?? this.all[0];
  }

  /** The folder to begin something in, with its path: the only one, or the one that the user chooses. Throws where there is none. */
  async choose(title: string): Promise<Place | undefined> {
    const here = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => this.owners.has(uri.toString()));
    const items = here.map(({ uri, name }) => ({ label: name, description: uri.fsPath, uri }));
    const item = items.length > 1 ? await vscode.window.showQuickPick(items, { title: `${title}: in which folder?`, ignoreFocusOut: true }) : items[0];
    const owner = (): Folder | undefined => this.owners.get(item?.uri.toString() ?? '')?.folder;
    if (items.length === 0) {
      throw new Error('Cairn works in a folder: open one first.');
    }
    if (items.length > 1) {
      await owner()?.connection.start(); // only then is it known whether another folder answers for it
    }
    const folder = owner();
    return item && folder && { folder, root: item.uri.fsPath };
  }

  /** Attends the demo's project beside the folders of the window, in place of the one before; no task is begun in it. */
  show(demo: vscode.Uri): Folder {
    this.remove(this.demo);
    this.demo = demo.toString();
    const folder = this.enter({ uri: demo, name: 'Demo', index: this.owners.size }, true);
    this.changed.fire();
    return folder;
  }

  dispose(): void {
    [...this.owners.keys()].forEach((uri) => this.remove(uri));
    [this.listener, ...this.commands.values(), this.connected, this.changed, this.views, this.events].forEach((part) => part.dispose());
  }

  private enterAll(): void {
    const here = vscode.workspace.workspaceFolders ?? [];
    here.filter(({ uri }) => uri.scheme === 'file' && !this.owners.has(uri.toString())).forEach((folder) => this.enter(folder));
  }

  private enter(at: vscode.WorkspaceFolder, demo = false): Folder {
    const folder = new Folder(at, this.context, this.log, demo);
    const { connection } = folder;
    const start = (): Promise<void> => this.startWhereUsed(connection);
    const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(at, MARK), false, true, true);
    const parts = [
      watcher,
      watcher.onDidCreate(start),
      vscode.workspace.onDidGrantWorkspaceTrust(start),
      connection.onDidChange((connected) => {
        if (connected) {
          this.join(folder);
        }
        this.connected.fire();
      }),
      connection.onEvent((event) => this.events.fire({ ...event, folder })),
      connection.onViews((news) => this.hear(folder, news)),
      new Diagnostics(connection),
      folder,
    ];
    this.owners.set(at.uri.toString(), { folder, parts });
    void start();
    return folder;
  }

  private hear(folder: Folder, { views, standing, interrupted }: ViewNews): void {
    const first = folder.standing === undefined; // what is interrupted while the window is open was seen
    folder.standing = standing;
    folder.approvals.heard(standing.asked);
    this.changed.fire();
    this.views.fire(views);
    if (first && interrupted) {
      void this.attend(() => offerResume(new Node(folder, interrupted), this.context.workspaceState));
    }
  }

  /** A folder of the same repository as another one's is attended by that one's connection from now on. */
  private join(folder: Folder): void {
    const { workspace, commands, folder: { uri } } = folder.connection;
    const other = this.all.find((each) => each !== folder && each.connection.workspace === workspace);
    if (other) {
      this.log.info(`${uri.fsPath} belongs to the repository of ${other.connection.folder.uri.fsPath}`);
      this.remove(uri.toString());
      this.owners.set(uri.toString(), { folder: other, parts: [] });
    }
    for (const command of commands.filter((name) => !this.commands.has(name))) {
      this.commands.set(command, vscode.commands.registerCommand(command, (...args: unknown[]) => this.execute(command, args)));
    }
  }

  /** A command of the host's own, from a lens or a quick fix: for the folder of the editor that it stands in. */
  private async execute(command: string, args: unknown[]): Promise<unknown> {
    if (command === SEND) {
      return await vscode.commands.executeCommand('cairn.send', args[1] ?? 'new');
    }
    const document = vscode.window.activeTextEditor?.document.uri;
    const words = command === REFACTOR && args.length === 1 ? await vscode.window.showInputBox(ASK) : '';
    const given = words?.trim() ? [...args, words] : args;
    return words === undefined ? undefined : await this.of(document)?.connection.execute(command, given);
  }

  /** Those that it answered for are entered anew. */
  private leave({ uri }: vscode.WorkspaceFolder): void {
    const gone = this.owners.get(uri.toString());
    [...this.owners].filter(([, { folder }]) => folder === gone?.folder).forEach(([each]) => this.remove(each));
  }

  private remove(uri: string): void {
    this.owners.get(uri)?.parts.forEach((part) => part.dispose());
    this.owners.delete(uri);
  }

  /**
   * A folder that Cairn has worked in is attended from the start, so that a run begun elsewhere is seen here;
   * any other only from the first command on, and an untrusted one too.
   */
  private async startWhereUsed(connection: Connection): Promise<void> {
    if (vscode.workspace.isTrusted && existsSync(path.join(connection.folder.uri.fsPath, MARK))) {
      await this.attend(() => connection.start());
    }
  }
}
