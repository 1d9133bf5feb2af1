import * as vscode from 'vscode';
import type { Folder } from './folders';
import type { ContractFile } from './protocol';

/** What a run may do while nobody is asked, and what there is to do. */
export interface Agreed {
  readonly prompt: string;
  readonly contract: ContractFile;
}

/** Asks for what a contract says, has the host write it and shows what it means. Undefined when the user leaves. */
export async function askContract({ connection }: Folder): Promise<Agreed | undefined> {
  const prompt = await vscode.window.showInputBox({ title: 'Cairn: Run Unattended', prompt: 'What shall Cairn do?', ignoreFocusOut: true });
  if (!prompt?.trim()) {
    return undefined;
  }
  const terms = await connection.request('cairn/gate/terms', {});
  const allowed = await vscode.window.showQuickPick(terms.classes, { title: 'What is allowed without asking?', canPickMany: true, ignoreFocusOut: true });
  const otherwise = allowed && (await vscode.window.showQuickPick(terms.otherwise, { title: 'And what is not?', ignoreFocusOut: true }));
  const hours = otherwise && (await ask('How many hours of work at most?', `${terms.hours}`));
  const dollars = hours && (await ask('How many US dollars at most? 0 leaves it to the settings.', `${terms.usd}`));
  if (!dollars) {
    return undefined;
  }
  const { contract, lines } = await connection.request('cairn/gate/draft', {
    goal: prompt,
    allowed: allowed.map(({ risk }) => risk),
    otherwise: otherwise.answer,
    hours: Number(hours),
    usd: Number(dollars),
  });
  const start = await vscode.window.showInformationMessage('Start this run?', { modal: true, detail: lines.join('\n') }, 'Start');
  return start && { prompt, contract };
}

async function ask(title: string, value: string): Promise<string | undefined> {
  const validateInput = (text: string): string | undefined => (/^\d{1,6}([.]\d{1,2})?$/.test(text.trim()) ? undefined : 'A number, as in 2 or 1.5');
  return await vscode.window.showInputBox({ title, value, validateInput, ignoreFocusOut: true });
}
