import * as vscode from 'vscode';
import { commands } from './commands';
import { Compose } from './compose';
import { Folders } from './folders';
import { servePages } from './pages';
import { Review } from './review';
import { RunDocuments } from './runDocument';
import { ServerError, Servers } from './server';
import { Status } from './status';
import { makeViews } from './views';

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('Cairn', { log: true });
  const servers = new Servers(context, log);
  const { secrets, workspaceState, globalStorageUri: storage } = context;
  const folders = new Folders({ servers, secrets, workspaceState }, log, (start) => tell(log, start));
  const documents = new RunDocuments(folders, log);
  const compose = new Compose(folders, documents);
  const views = makeViews(folders, log);
  const review = new Review(folders, log);
  context.subscriptions.push(log, servePages(folders), documents, compose, review, new Status(folders), ...Object.values(views), folders);
  context.subscriptions.push(vscode.commands.registerCommand('cairn.showLog', () => log.show()));
  for (const [name, command] of Object.entries({ ...commands({ servers, storage, folders, documents, compose, views }), ...review.commands })) {
    context.subscriptions.push(vscode.commands.registerCommand(name, (node?: unknown) => tell(log, () => command(node))));
  }
}

/** Runs what the user asked for; tells what went wrong, and how to go on. */
async function tell(log: vscode.LogOutputChannel, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    log.error(error instanceof Error ? error : String(error));
    const message = error instanceof Error ? error.message : String(error);
    const buttons = error instanceof ServerError ? ['Open Log', 'Open Settings'] : ['Open Log'];
    const choice = await vscode.window.showErrorMessage(message, ...buttons);
    if (choice === 'Open Log') {
      log.show();
    } else if (choice === 'Open Settings') {
      // A setting of the machine is the remote's there, and the user's own page does not show it.
      const page = vscode.env.remoteName ? 'workbench.action.openRemoteSettings' : 'workbench.action.openSettings';
      await vscode.commands.executeCommand(page, { query: 'cairn.server.command' });
    }
  }
}
