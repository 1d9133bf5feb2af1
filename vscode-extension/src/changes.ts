import * as vscode from 'vscode';
import type { Folder } from './folders';
import { page } from './pages';

type Change = [file: vscode.Uri, before: vscode.Uri | undefined, after: vscode.Uri | undefined];

/** What the agent did in a session, or in one task or step of it, as VS Code's own editor of several diffs. */
export async function showChanges(folder: Folder, session: string, of: string): Promise<void> {
  const shown = await folder.connection.request('cairn/diff/show', { session, of });
  const changes = shown.files.map(({ path, old, before, after }): Change => {
    const file = vscode.Uri.joinPath(folder.connection.folder.uri, path);
    return [file, before ? page('before', old || path, folder, before) : undefined, after ? page('before', path, folder, after) : undefined];
  });
  await show(`Changes of ${shown.of}`, changes, [...(shown.more > 0 ? [`${shown.more} more files are not shown.`] : []), ...shown.unknown]);
}

/** The files of today against those that a checkpoint was made of. */
export async function showSince(folder: Folder, session: string, at: string): Promise<void> {
  const { files, root, more, of } = await folder.connection.request('cairn/snapshots/compare', { session, at });
  const changes = files.map(({ path, old, before, there }): Change => {
    const file = vscode.Uri.joinPath(vscode.Uri.file(root), path);
    return [file, before ? page('before', old, folder, before) : undefined, there ? file : undefined];
  });
  await show(`Since ${of}`, changes, more > 0 ? [`${more} more files are not shown.`] : []);
}

async function show(title: string, changes: readonly Change[], unknown: readonly string[]): Promise<void> {
  if (changes.length > 0) {
    await vscode.commands.executeCommand('vscode.changes', title, changes);
  }
  const words = [...(changes.length === 0 ? ['no file is other than before.'] : []), ...unknown.slice(0, 3)];
  if (words.length > 0) {
    void vscode.window.showInformationMessage(`${title}: ${words.join(' ')}`);
  }
}
