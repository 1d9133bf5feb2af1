import * as vscode from 'vscode';
import { Approvals } from './approvals';
import { Connection } from './client';
import { COMMANDS, type Parts } from './commands';
import { RunDocuments } from './runDocument';
import { ServerError } from './server';
import { Sessions } from './sessions';
import { Status } from './status';

/** Cairn has worked in a folder that holds this. */
const MARK = '.cairn';

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('Cairn', { log: true });
  const parts = assemble(context, log);
  context.subscriptions.push(log, vscode.commands.registerCommand('cairn.showLog', () => log.show()));
  for (const [name, command] of Object.entries(COMMANDS)) {
    context.subscriptions.push(vscode.commands.registerCommand(name, () => tell(log, () => command(needed(parts)))));
  }
  if (parts) {
    context.subscriptions.push(...startWhereUsed(parts.connection, log));
  }
}

/** Cairn works in the first folder of the window. */
function assemble(context: vscode.ExtensionContext, log: vscode.LogOutputChannel): Parts | undefined {
  const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === 'file');
  if (!folder) {
    return undefined;
  }
  const connection = new Connection(folder, context.extensionUri, log);
  const sessions = new Sessions(connection, log);
  const approvals = new Approvals(connection, sessions, log);
  const documents = new RunDocuments(connection, log);
  context.subscriptions.push(connection, sessions, approvals, documents, new Status(connection, sessions, approvals));
  return { connection, sessions, approvals, documents };
}

function needed(parts: Parts | undefined): Parts {
  if (!parts) {
    throw new Error('Cairn works in a folder: open one first.');
  }
  return parts;
}

/**
 * A folder that Cairn has worked in is attended from the start, so that a run begun elsewhere is seen here;
 * any other only from the first command on, and an untrusted one too.
 */
function startWhereUsed(connection: Connection, log: vscode.LogOutputChannel): vscode.Disposable[] {
  const start = async (): Promise<void> => {
    try {
      await vscode.workspace.fs.stat(vscode.Uri.joinPath(connection.folder.uri, MARK));
    } catch {
      return;
    }
    if (vscode.workspace.isTrusted) {
      await tell(log, () => connection.start());
    }
  };
  void start();
  const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(connection.folder, MARK), false, true, true);
  return [watcher, watcher.onDidCreate(start), vscode.workspace.onDidGrantWorkspaceTrust(start)];
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
