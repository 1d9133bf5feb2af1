import * as vscode from 'vscode';
import type { Folder, Folders } from './folders';
import type { ChangesInfo, ProposedFile, ProposedPart } from './protocol';
import { ReviewComments } from './reviewComments';
import { PROPOSED, ProposedFiles } from './reviewFiles';
import { plain, type Command } from './tree';

/** A part of a proposal: where its lens or its comment stands. */
export interface Part {
  readonly uri: vscode.Uri;
  readonly id: string;
}

/** What an agent proposes, beside the files as they are: parts accepted or rejected where they stand, or edited. */
export class Review implements vscode.Disposable, vscode.CodeLensProvider {
  private readonly files: ProposedFiles;
  private readonly comments: ReviewComments;
  private readonly parts: vscode.Disposable[];
  readonly onDidChangeCodeLenses: vscode.Event<void>;

  /** To be made as the extension is activated: tabs of the last time come back at once. */
  constructor(private readonly folders: Folders, log: vscode.LogOutputChannel) {
    this.files = new ProposedFiles(folders, log);
    this.comments = new ReviewComments(this.files);
    this.onDidChangeCodeLenses = this.files.onDidChange;
    this.parts = [
      this.files,
      this.comments,
      vscode.languages.registerCodeLensProvider({ scheme: PROPOSED }, this),
      folders.onEvent(({ kind, session, payload, folder }) => {
        if (kind === 'session.state' && (payload as { state?: string }).state === 'done') {
          this.offer(folder, session).catch((error: unknown) => log.error(String(error)));
        }
      }),
    ];
  }

  readonly commands: Readonly<Record<string, Command>> = {
    'cairn.reviewChanges': async (session) => this.open(typeof session === 'string' ? session : undefined),
    'cairn.acceptChange': async (part) => this.accept(part, true),
    'cairn.rejectChange': async (part) => this.reject(part, true),
    'cairn.acceptAllChanges': async (part) => this.accept(part, false),
    'cairn.rejectAllChanges': async (part) => this.reject(part, false),
    'cairn.replyToChange': async (reply) => this.comments.reply(reply as vscode.CommentReply),
  };

  async provideCodeLenses({ uri }: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    const file = (await this.files.of(uri))?.file;
    return (file?.parts ?? []).flatMap((part) => {
      const at = new vscode.Range(part.first, 0, part.first, 0);
      const argument: Part = { uri, id: part.id };
      return [
        new vscode.CodeLens(at, { title: '$(check) Accept', command: 'cairn.acceptChange', arguments: [argument] }),
        new vscode.CodeLens(at, { title: '$(close) Reject', command: 'cairn.rejectChange', arguments: [argument] }),
      ];
    });
  }

  dispose(): void {
    this.parts.forEach((part) => part.dispose());
  }

  /** All files of a proposal as one editor of several diffs: of that session, or of the one that the user chooses. */
  private async open(session?: string): Promise<void> {
    const found = await this.choose(session);
    if (!found) {
      return;
    }
    const shown = await this.files.load(found.folder, found.session);
    const resources = shown.files.map((file) => {
      const there = vscode.Uri.file(file.file);
      return [there, file.new ? undefined : there, this.files.address(shown.session, file)];
    });
    await vscode.commands.executeCommand('vscode.changes', `Proposed: ${shown.title}`, resources);
  }

  private async choose(session?: string): Promise<{ readonly folder: Folder; readonly session: string } | undefined> {
    const found: { folder: Folder; info: ChangesInfo }[] = [];
    for (const folder of this.folders.all) {
      const { proposals } = await folder.connection.request('cairn/proposal/list', {});
      found.push(...proposals.map((info) => ({ folder, info })));
    }
    const wanted = session ? found.filter(({ info }) => info.session === session) : found;
    if (wanted.length === 0) {
      void vscode.window.showInformationMessage('Cairn: no change waits for your review.');
    }
    const items = wanted.map(({ folder, info }) => ({
      label: plain(info.title),
      description: info.told,
      folder,
      session: info.session,
    }));
    return items.length < 2 ? items[0] : await vscode.window.showQuickPick(items, { title: 'Cairn: Review which proposal?', ignoreFocusOut: true });
  }

  private async accept(at: unknown, one: boolean): Promise<void> {
    const { folder, session, file, part } = await this.meant(at, one);
    const answer = await folder.connection.request('cairn/proposal/accept', { session, path: file.path, parts: part ? [part.id] : [] });
    for (const path of answer.unsaved) {
      await vscode.workspace.save(vscode.Uri.file(path));
    }
    const refused = answer.refused[0];
    if (refused) {
      void vscode.window.showWarningMessage(`Cairn: not accepted (${answer.refused.length}): ${refused.why}`);
    }
  }

  private async reject(at: unknown, one: boolean): Promise<void> {
    const { folder, session, file, part } = await this.meant(at, one);
    const title = part ? 'Cairn: Reject Change' : `Cairn: Reject All Changes of ${file.path}`;
    const words = await vscode.window.showInputBox({ title, prompt: 'Why? The agent is told.', placeHolder: 'may be left empty', ignoreFocusOut: true });
    if (words !== undefined) {
      await folder.connection.request('cairn/proposal/reject', { session, path: file.path, parts: part ? [part.id] : [], words });
    }
  }

  /** The part of a lens, else the one that the cursor stands in. Throws where there is none. */
  private async meant(at: unknown, one: boolean): Promise<{ folder: Folder; session: string; file: ProposedFile; part?: ProposedPart }> {
    const given = at as Partial<Part> | undefined;
    const editor = vscode.window.activeTextEditor;
    const uri = given?.uri ?? editor?.document.uri;
    const found = uri && (await this.files.of(uri));
    const line = editor?.selection.active.line ?? 0;
    const part = found?.file.parts.find(({ id, first, last }) => (given?.id ? id === given.id : first <= line && line < Math.max(last, first + 1)));
    if (!found || (one && !part)) {
      throw new Error('No proposed change stands here: “Cairn: Review Changes” opens what waits for you.');
    }
    return one && part ? { ...found, part } : found;
  }

  /** Tells once that a run left something to review. */
  private async offer({ connection }: Folder, session: string): Promise<void> {
    const { proposals } = await connection.request('cairn/proposal/list', {});
    const left = proposals.find((each) => each.session === session);
    if (left && (await vscode.window.showInformationMessage(`Cairn proposes ${left.told}.`, 'Review')) === 'Review') {
      await this.open(session);
    }
  }
}
