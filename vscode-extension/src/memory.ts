import * as vscode from 'vscode';
import type { Folder, Folders } from './folders';
import type { ViewRow } from './protocol';
import { Throttle } from './throttle';
import { choice, plain, type Command } from './tree';
import type { Views } from './views';

const HITS = 30;
const SEARCH_MS = 150;

interface Hit extends vscode.QuickPickItem {
  readonly folder: Folder;
  readonly ref: string;
}

/** The commands on what is remembered. */
export function commands(folders: Folders, { memory }: Views): Record<string, Command> {
  const answer = (title: string, accepted: boolean): Command =>
    memory.command(/proposal/, title, async ({ connection }, { ref }) => {
      await connection.request('cairn/memory/answer', { id: ref, accepted });
    });
  return {
    'cairn.searchMemory': () => search(folders),
    'cairn.openMemory': memory.command(/claim|memory/, 'Open what?', (folder, { ref }) => open(folder, ref)),
    'cairn.remember': () => remember(folders),
    'cairn.forgetClaim': memory.command(/claim/, 'Forget which claim?', forget),
    'cairn.undoMemory': memory.command(/memory/, 'Undo the last change of which file?', (folder, { ref }) => undo(folder, ref)),
    'cairn.acceptProposal': answer('Accept which proposal?', true),
    'cairn.rejectProposal': answer('Reject which proposal?', false),
  };
}

/** Shows where that stands which the host calls `ref`: a claim, an event, a task, a page. */
export async function open({ connection }: Folder, ref: string): Promise<void> {
  const { path, line } = await connection.request('cairn/memory/locate', { ref });
  const at = new vscode.Position(line - 1, 0);
  await vscode.window.showTextDocument(vscode.Uri.file(path), { preview: true, selection: new vscode.Range(at, at) });
}

async function remember(folders: Folders): Promise<void> {
  const place = await folders.choose('Cairn: Remember');
  const text = place && (await vscode.window.showInputBox({ title: 'What shall be remembered of this project?', ignoreFocusOut: true }));
  if (place && text?.trim()) {
    await place.folder.connection.request('cairn/memory/remember', { text });
  }
}

async function forget(folder: Folder, { ref, label }: ViewRow): Promise<void> {
  const { claim } = await folder.connection.request('cairn/memory/forget', { id: ref });
  if (await vscode.window.showInformationMessage(`Cairn forgot: ${label}`, 'Undo')) {
    await undo(folder, claim.scope);
  }
}

async function undo({ connection }: Folder, file: string): Promise<void> {
  const { version } = await connection.request('cairn/memory/undo', { file });
  void vscode.window.showInformationMessage(`Cairn: ${file} is as it was before; that is version ${version.number}.`);
}

/** Finds while the user types, in all that is remembered and all that happened. */
async function search(folders: Folders): Promise<void> {
  const pick = vscode.window.createQuickPick<Hit>();
  pick.title = 'Cairn: Search Memory';
  pick.placeholder = 'Words of a claim, a message, a result, a file';
  const throttle = new Throttle(SEARCH_MS, async () => {
    const words = pick.value.trim();
    pick.busy = words !== '';
    try {
      const found = words === '' ? [] : await Promise.all(folders.all.map((folder) => hits(folder, words)));
      pick.items = found.flat();
    } catch (error) {
      pick.items = [];
      pick.title = `Cairn: Search Memory: ${String(error)}`;
    }
    pick.busy = false;
  });
  pick.onDidChangeValue(throttle.call);
  pick.show();
  const chosen = await new Promise<Hit | undefined>((resolve) => {
    pick.onDidAccept(() => resolve(pick.selectedItems[0]));
    pick.onDidHide(() => resolve(undefined));
  });
  throttle.dispose();
  pick.dispose();
  if (chosen) {
    await open(chosen.folder, chosen.ref);
  }
}

async function hits(folder: Folder, query: string): Promise<Hit[]> {
  const { rows } = await folder.connection.request('cairn/views/find', { query, limit: HITS });
  // The host has found them by its own reading of the words, so VS Code's filter lets each pass.
  return rows.map((row) => ({ ...choice(row), detail: plain(row.tooltip), alwaysShow: true, folder, ref: row.ref }));
}
