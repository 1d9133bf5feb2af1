import * as vscode from 'vscode';
import type { Folder, Folders } from './folders';
import type { ChangesShown, ProposedFile } from './protocol';

export const PROPOSED = 'cairn-proposed';

interface Found {
  readonly folder: Folder;
  readonly session: string;
  readonly file: ProposedFile;
}

/** The proposed texts as files that can be edited: what is saved is what is proposed from then on. */
export class ProposedFiles implements vscode.FileSystemProvider, vscode.Disposable {
  private readonly shown = new Map<string, { folder: Folder; answer: ChangesShown }>();
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly loaded = new vscode.EventEmitter<ChangesShown>();
  private readonly onDisk = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  private readonly parts: vscode.Disposable[];

  readonly onDidChange = this.changed.event;
  /** What a session proposes, each time that it is asked for. */
  readonly onDidLoad = this.loaded.event;
  readonly onDidChangeFile = this.onDisk.event;

  constructor(private readonly folders: Folders, log: vscode.LogOutputChannel) {
    this.parts = [
      this.changed,
      this.loaded,
      this.onDisk,
      vscode.workspace.registerFileSystemProvider(PROPOSED, this, { isCaseSensitive: true }),
      folders.onEvent(({ kind, session }) => {
        const known = kind.startsWith('proposal.') && this.shown.get(session);
        if (known) {
          this.load(known.folder, session).catch((error: unknown) => log.error(String(error)));
        }
      }),
    ];
  }

  /** Asks anew what a session proposes; what shows it follows. */
  async load(folder: Folder, session: string): Promise<ChangesShown> {
    const before = this.shown.get(session)?.answer.files ?? [];
    const answer = await folder.connection.request('cairn/proposal/show', { session, texts: true });
    this.shown.set(session, { folder, answer });
    const uris = new Set([...before, ...answer.files].map((file) => this.address(session, file).toString()));
    this.onDisk.fire([...uris].map((uri) => ({ type: vscode.FileChangeType.Changed, uri: vscode.Uri.parse(uri) })));
    this.changed.fire();
    this.loaded.fire(answer);
    return answer;
  }

  /** Under the file's own path, or VS Code would show a rename. */
  address(session: string, { file }: ProposedFile): vscode.Uri {
    return vscode.Uri.file(file).with({ scheme: PROPOSED, query: session });
  }

  /** What is proposed at that address; undefined when nothing is any more. */
  async of(uri: vscode.Uri): Promise<Found | undefined> {
    const session = uri.query;
    if (uri.scheme !== PROPOSED) {
      return undefined;
    }
    let known = this.shown.get(session);
    if (!known) {
      const folder = this.folderOf(uri);
      known = folder && { folder, answer: await this.load(folder, session) };
    }
    const file = known?.answer.files.find((each) => this.address(session, each).path === uri.path);
    return known && file && { folder: known.folder, session, file };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const found = await this.of(uri);
    if (found) {
      return Buffer.from(found.file.text, 'utf8');
    }
    try {
      return await vscode.workspace.fs.readFile(uri.with({ scheme: 'file', query: '' })); // all of it was answered
    } catch {
      return new Uint8Array();
    }
  }

  async writeFile(uri: vscode.Uri, content: Uint8Array): Promise<void> {
    const found = await this.of(uri);
    if (!found) {
      throw vscode.FileSystemError.NoPermissions('Nothing is proposed for this file any more: edit the file itself.');
    }
    const { folder, session, file } = found;
    await folder.connection.request('cairn/proposal/edit', { session, path: file.path, text: Buffer.from(content).toString('utf8') });
    await this.load(folder, session);
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const size = (await this.readFile(uri)).length;
    const changed = this.shown.get(uri.query)?.answer.changed ?? 0;
    return { type: vscode.FileType.File, ctime: 0, mtime: Math.max(changed, Date.now()), size };
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }

  readDirectory(): [string, vscode.FileType][] {
    return [];
  }

  createDirectory(): void {
    throw vscode.FileSystemError.NoPermissions();
  }

  delete(): void {
    throw vscode.FileSystemError.NoPermissions();
  }

  rename(): void {
    throw vscode.FileSystemError.NoPermissions();
  }

  dispose(): void {
    this.parts.forEach((part) => part.dispose());
  }

  private folderOf(uri: vscode.Uri): Folder | undefined {
    const at = vscode.workspace.getWorkspaceFolder(uri.with({ scheme: 'file', query: '' }))?.uri.toString();
    const { all } = this.folders;
    return all.find(({ connection }) => connection.folder.uri.toString() === at) ?? all[0];
  }
}
