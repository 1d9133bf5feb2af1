import * as vscode from 'vscode';
import type { Connection } from './client';

/** Also in package.json, under `files.readonlyInclude`: only the host writes these files. */
const RUN_DOCUMENT: vscode.DocumentSelector = { scheme: 'file', pattern: '**/.cairn/local/sessions/*/run.md' };

/** A reader whose last visible line is this near the end follows the tail. */
const NEAR_THE_END = 2;

/** The run as a Markdown file that the host appends to; here it is opened, and followed while it grows. */
export class RunDocuments implements vscode.Disposable {
  private readonly lineCounts = new WeakMap<vscode.TextDocument, number>();
  private readonly listeners = [
    vscode.workspace.onDidOpenTextDocument((document) => this.remember(document)),
    vscode.workspace.onDidChangeTextDocument(({ document }) => this.grown(document)),
  ];

  constructor(private readonly connection: Connection) {
    vscode.workspace.textDocuments.forEach((document) => this.remember(document));
  }

  /** Shows the run's document at its end. */
  async open(session: string): Promise<void> {
    const { path } = await this.connection.request('cairn/run/document', { session });
    const document = await vscode.workspace.openTextDocument(vscode.Uri.file(path));
    const editor = await vscode.window.showTextDocument(document, { preview: false });
    toTheEnd(editor);
  }

  dispose(): void {
    this.listeners.forEach((listener) => listener.dispose());
  }

  private remember(document: vscode.TextDocument): number | undefined {
    const before = this.lineCounts.get(document);
    if (vscode.languages.match(RUN_DOCUMENT, document)) {
      this.lineCounts.set(document, document.lineCount);
    }
    return before;
  }

  private grown(document: vscode.TextDocument): void {
    const before = this.remember(document);
    if (before === undefined || document.lineCount <= before) {
      return;
    }
    for (const editor of vscode.window.visibleTextEditors.filter((candidate) => candidate.document === document)) {
      const lastVisible = editor.visibleRanges.at(-1)?.end.line ?? 0;
      if (lastVisible >= before - 1 - NEAR_THE_END) {
        toTheEnd(editor);
      }
    }
  }
}

function toTheEnd(editor: vscode.TextEditor): void {
  const end = editor.document.lineAt(editor.document.lineCount - 1).range;
  editor.revealRange(end, vscode.TextEditorRevealType.Default);
}
