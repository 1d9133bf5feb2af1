import * as vscode from 'vscode';
import type { Folder, Folders } from './folders';
import type { ViewName, ViewRow } from './protocol';
import { Throttle } from './throttle';

const REFRESH_MS = 250;

/** A row as VS Code knows it: the same object for as long as a row of this id is there. */
export class Node {
  children: readonly Node[] = [];

  constructor(
    readonly folder: Folder,
    public row: ViewRow,
  ) {}
}

/** The argument is a row of a view; there is none from the palette. */
export type Command = (of?: unknown) => Promise<void>;

/** One view, whichever it is. The host makes its rows; it asks for them when they changed, and tells VS Code only what did. */
export class Tree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  readonly view: vscode.TreeView<Node>;
  private roots: readonly Node[] = [];
  private stale = true;
  private first: Promise<void> | undefined;
  private fill = (): void => undefined;
  private readonly filled = new Promise<void>((resolve) => (this.fill = resolve));
  private readonly changed = new vscode.EventEmitter<Node[] | undefined>();
  private readonly throttle = new Throttle(REFRESH_MS, () => this.refresh());
  private readonly disposables: readonly vscode.Disposable[];

  readonly onDidChangeTreeData = this.changed.event;

  constructor(
    private readonly name: ViewName,
    private readonly folders: Folders,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.view = vscode.window.createTreeView(`cairn.${name}`, { treeDataProvider: this, showCollapseAll: true });
    this.disposables = [
      this.view,
      this.changed,
      this.throttle,
      this.view.onDidChangeVisibility(({ visible }) => visible && this.stale && this.throttle.call()),
      folders.onDidConnect(() => this.look()),
      folders.onViews((names) => names.includes(name) && this.look()),
    ];
  }

  /** Something that it shows may have changed. Nobody asks for what nobody sees. */
  look(): void {
    this.stale = true;
    if (this.view.visible) {
      this.throttle.call();
    }
  }

  /** A command on the row that it is given, or else on one of these kinds that the user chooses. */
  command(kinds: RegExp, title: string, action: (folder: Folder, row: ViewRow) => Promise<unknown>): Command {
    return async (of) => {
      const node = of instanceof Node ? of : await this.choose(title, kinds);
      if (node) {
        await action(node.folder, node.row);
      }
    };
  }

  /** The first rows are waited for: VS Code shows that the view loads. */
  async getChildren(node?: Node): Promise<Node[]> {
    await (this.first ??= Promise.race([this.filled, this.folders.settled().then(async () => void (await this.read()))]));
    return [...(node?.children ?? this.roots)];
  }

  getTreeItem(node: Node): vscode.TreeItem {
    const { folder, row, children } = node;
    const { None, Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
    const item = new vscode.TreeItem(row.label, children.length === 0 ? None : row.closed ? Collapsed : Expanded);
    // A row that gets its first children would stay closed, were it the same one to VS Code.
    item.id = `${folder.connection.folder.uri.toString()} ${row.id}${children.length > 0 ? '/' : ''}`;
    item.contextValue = row.kinds;
    item.iconPath = new vscode.ThemeIcon(row.icon, row.color ? new vscode.ThemeColor(row.color) : undefined);
    item.accessibilityInformation = { label: [row.label, row.state, row.description].filter(Boolean).join(', ') };
    item.description = row.description;
    item.tooltip = row.tooltip;
    if (row.action) {
      item.command = { command: `cairn.${row.action}`, title: '', arguments: [node] };
    }
    return item;
  }

  dispose(): void {
    this.disposables.forEach((disposable) => disposable.dispose());
  }

  /** Lets the user choose one of the rows of these kinds; the one that is selected comes first. */
  private async choose(title: string, kinds: RegExp): Promise<Node | undefined> {
    const { all } = this.folders;
    await Promise.all(all.filter(({ connection }) => connection.connected || all.length === 1).map(({ connection }) => connection.start()));
    await this.refresh();
    const nodes = [...new Set([...this.view.selection, ...within(this.roots)])].filter(({ row }) => kinds.test(row.kinds));
    if (nodes.length === 0) {
      void vscode.window.showInformationMessage(`Cairn: ${title} There is none.`);
    }
    const items = nodes.map((node) => ({ ...choice(node.row), node }));
    return items.length < 2 ? nodes[0] : (await vscode.window.showQuickPick(items, { title, matchOnDescription: true }))?.node;
  }

  private async refresh(): Promise<void> {
    const before = this.roots;
    const changed = await this.read();
    if (!same(before, this.roots)) {
      this.changed.fire(undefined);
    } else if (changed.size > 0) {
      this.changed.fire([...changed]);
    }
  }

  /** Takes the rows as they are now; returns those of before that look other. */
  private async read(): Promise<ReadonlySet<Node>> {
    this.stale = false;
    const changed = new Set<Node>();
    const attended = this.folders.all.filter(({ connection }) => connection.attended);
    const rows = await Promise.all(attended.map((folder) => this.ask(folder)));
    const several = this.folders.all.length > 1;
    const before = this.roots;
    this.roots = attended.flatMap((folder, index) => {
      const own = before.filter((node) => node.folder === folder);
      const now = rows[index];
      return now ? merged(several ? [folderRow(folder, now)] : now, own, folder, changed) : own;
    });
    if (this.roots.length > 0) {
      this.fill(); // nobody waits for a folder whose server takes longer
    }
    // VS Code takes a view to be empty until it has rows: what it says of an empty one hangs on this instead.
    setContext(`cairn.empty.${this.name}`, this.roots.length === 0 && rows.every((known) => known !== undefined));
    return changed;
  }

  /** Undefined where nobody answers: then the rows stay as they are. */
  private async ask({ connection, chosen }: Folder): Promise<ViewRow[] | undefined> {
    try {
      return connection.connected ? (await connection.request('cairn/views/show', { view: this.name, session: chosen })).rows : undefined;
    } catch (error) {
      this.log.warn(`the view of ${this.name} could not be read: ${String(error)}`);
      return undefined;
    }
  }
}

/** For what menus, keys and welcomes hang on. */
export function setContext(key: string, value: boolean): void {
  void vscode.commands.executeCommand('setContext', key, value);
}

/** A row as an item to choose, in which `$(name)` would be drawn as an icon. */
export function choice({ icon, label, description }: ViewRow): vscode.QuickPickItem {
  return { label: `$(${icon}) ${plain(label)}`, description: plain(description) };
}

/** A text of an item to choose, as it is. */
export function plain(text: string): string {
  return text.replaceAll('$(', '\\$(');
}

function folderRow({ connection: { folder } }: Folder, children: ViewRow[]): ViewRow {
  const look = { state: 'folder', icon: 'root-folder', color: '', kinds: 'folder', closed: false };
  return { id: '', label: folder.name, description: '', tooltip: folder.uri.fsPath, ...look, action: '', ref: '', session: '', at: 0, children };
}

/** The nodes of `rows`: those of `before` where they are the same ones. What looks other than before goes into `changed`. */
function merged(rows: readonly ViewRow[], before: readonly Node[], folder: Folder, changed: Set<Node>): readonly Node[] {
  const known = new Map(before.map((node) => [node.row.id, node]));
  const own = new Map(rows.map((row) => [row.id, row])); // VS Code refuses an id that is there twice
  return [...own.values()].map((row) => {
    const old = known.get(row.id);
    const node = old ?? new Node(folder, row);
    const children = merged(row.children, node.children, folder, changed);
    if (old && (looks(old.row) !== looks(row) || !same(old.children, children))) {
      changed.add(node);
    }
    node.row = row;
    node.children = children;
    return node;
  });
}

function looks(row: ViewRow): string {
  return JSON.stringify({ ...row, children: [] });
}

function same(before: readonly Node[], after: readonly Node[]): boolean {
  return before.length === after.length && before.every((node, index) => node === after[index]);
}

function within(nodes: readonly Node[]): Node[] {
  return nodes.flatMap((node) => [node, ...within(node.children)]);
}
