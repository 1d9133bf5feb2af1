import * as vscode from 'vscode';
import type { Folders } from './folders';
import type { SelectedText } from './protocol';
import type { RunDocuments } from './runDocument';

/** Also in package.json, where the key for sending is bound. */
const DRAFT: vscode.DocumentSelector = { scheme: 'file', pattern: '**/.cairn/local/compose/*.md' };
const LONGEST_SELECTION = 200_000;

/** Messages that are written in an editor. The page is the host's, and what is named in it with @ is found by the host. */
export class Compose implements vscode.Disposable {
  private selected: SelectedText | undefined;
  private readonly listener = vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => this.note(textEditor));

  constructor(
    private readonly folders: Folders,
    private readonly documents: RunDocuments,
  ) {}

  async open(): Promise<void> {
    const before = vscode.window.activeTextEditor;
    if (before) {
      this.note(before);
    }
    const place = await this.folders.choose('Cairn: Compose Task');
    if (!place) {
      return;
    }
    const { path } = await place.folder.connection.request('cairn/compose/open', {});
    await vscode.window.showTextDocument(vscode.Uri.file(path), { preview: false });
  }

  /** Sends the page that is open: to `session`, "new" for a new one, else as the host finds right. The words stay when it is refused. */
  async send(session: string | null): Promise<void> {
    const document = vscode.window.activeTextEditor?.document;
    if (!document || !vscode.languages.match(DRAFT, document)) {
      void vscode.window.showInformationMessage('Cairn: only a page of Cairn: Compose Task can be sent.');
      return;
    }
    const folder = this.folders.of(document.uri);
    if (!folder) {
      return;
    }
    const settings = await folder.choices.settings();
    const sent = await folder.connection.request('cairn/compose/send', {
      words: document.getText(),
      path: document.fileName,
      session,
      selection: this.selected ?? null,
      settings,
    });
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    await this.documents.open(folder, sent.session);
  }

  dispose(): void {
    this.listener.dispose();
  }

  private note({ document, selection }: vscode.TextEditor): void {
    if (document.uri.scheme === 'file' && !vscode.languages.match(DRAFT, document)) {
      const text = document.getText(selection).slice(0, LONGEST_SELECTION);
      const path = vscode.workspace.asRelativePath(document.uri, false);
      this.selected = text ? { path, first: selection.start.line + 1, last: selection.end.line + 1, text } : undefined;
    }
  }
}
