import * as vscode from 'vscode';
import type { Folder, Folders } from './folders';

const SCHEME = 'cairn';
const AWAY = 'The folder that this is of is not open in this window, or not trusted.\n';

/** Texts that do not change, each asked for when its tab is shown. */
const TEXTS: Readonly<Record<string, (folder: Folder, ...of: string[]) => Promise<string>>> = {
  approval: async ({ connection }, id = '') => (await connection.request('cairn/approval/show', { id })).page,
  checkpoint: async ({ connection }, session = '', number) => (await connection.request('cairn/checkpoint/show', { session, number: Number(number) })).text,
  drift: async ({ connection }, session = '') => (await connection.request('cairn/session/drift', { session })).page,
  window: async ({ connection }, session = '', at) => (await connection.request('cairn/window/preview', { session, at: Number(at) })).text,
  before: async ({ connection }, content = '') => {
    const { text, binary } = await connection.request('cairn/snapshots/content', { content });
    return binary ? '(no text, or too large to be shown)\n' : text;
  },
};

/** Serves them. To be called as the extension is activated: tabs of the last time come back at once. */
export function servePages(folders: Folders): vscode.Disposable {
  const provideTextDocumentContent = async ({ authority, query }: vscode.Uri): Promise<string> => {
    const [at, ...of] = JSON.parse(query) as string[];
    const folder = folders.all.find(({ connection }) => connection.folder.uri.toString() === at);
    return (vscode.workspace.isTrusted && folder && (await TEXTS[authority]?.(folder, ...of))) || AWAY;
  };
  return vscode.workspace.registerTextDocumentContentProvider(SCHEME, { provideTextDocumentContent });
}

/** The address of a text, which shows under `name`. */
export function page(kind: 'approval' | 'checkpoint' | 'drift' | 'window' | 'before', name: string, { connection }: Folder, ...of: string[]): vscode.Uri {
  const query = JSON.stringify([connection.folder.uri.toString(), ...of]);
  return vscode.Uri.from({ scheme: SCHEME, authority: kind, path: `/${name.replace(/^\/+/, '')}`, query });
}

/** Shows one in a tab. */
export async function showPage(...of: Parameters<typeof page>): Promise<void> {
  await vscode.window.showTextDocument(page(...of), { preview: true });
}
