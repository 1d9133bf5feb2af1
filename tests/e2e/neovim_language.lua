-- Neovim's own LSP client works on a page of ours, by the functions that its users have on keys.
--
--   CAIRN_PAGE='{"command": [...], "page": ".cairn/MEMORY.md", "task": "title"}' nvim --headless ... -S this
--
-- Makes a task, names it in the page, and prints as JSON what diagnostics, hover, definition, code action and
-- rename gave. Ends with 0; with 1 and a reason when something is wrong.

local PATIENCE = 20000 -- milliseconds
local given = vim.fn.json_decode(os.getenv('CAIRN_PAGE'))

local function fail(reason)
  io.stderr:write('neovim: ' .. reason .. '\n')
  vim.cmd('cquit 1')
end

local function wait_for(what, condition)
  if not vim.wait(PATIENCE, condition, 10) then
    fail('not within ' .. PATIENCE .. ' ms: ' .. what)
  end
end

vim.cmd('edit ' .. vim.fn.fnameescape(given.page))
local page = vim.api.nvim_get_current_buf()
local start = vim.lsp.start or vim.lsp.start_client -- the first came with 0.8, the second goes with 0.13
local id = start({ name = 'cairn', cmd = given.command, root_dir = vim.fn.getcwd() })
if not id then
  fail('the client did not start')
end
local client = vim.lsp.get_client_by_id(id)
wait_for('the server is initialised', function()
  return client.initialized
end)
vim.lsp.buf_attach_client(page, id)

local made
client.rpc.request('cairn/task/change', { id = '', action = 'create', title = given.task }, function(problem, result)
  if problem then
    fail(problem.message)
  end
  made = result.tasks[1].id
end)
wait_for('the task is made', function()
  return made
end)
vim.api.nvim_buf_set_lines(page, -1, -1, false, { '- ' .. made .. ' ' .. given.task .. ' comes first' })

local function lines()
  return vim.api.nvim_buf_get_lines(page, 0, -1, false)
end

local function go_to(text) -- the cursor onto its first letter
  for number, line in ipairs(lines()) do
    local at = line:find(text, 1, true)
    if at then
      vim.api.nvim_win_set_cursor(0, { number, at - 1 })
      return
    end
  end
  fail(text .. ' stands nowhere in the page')
end

local found = { task = made }

wait_for('the findings', function()
  found.diagnostics = vim.tbl_map(function(each)
    return each.code or (each.user_data and each.user_data.lsp and each.user_data.lsp.code) or each.message
  end, vim.diagnostic.get(page))
  return #found.diagnostics == given.findings
end)

go_to(made .. ' ')
vim.lsp.buf.hover()
wait_for('the hover', function()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= '' then
      local shown = vim.api.nvim_win_get_buf(window)
      found.hover = table.concat(vim.api.nvim_buf_get_lines(shown, 0, -1, false), '\n')
      vim.api.nvim_win_close(window, true)
      return true
    end
  end
end)

go_to('src/parser.py:3')
vim.lsp.buf.definition()
wait_for('the definition', function()
  return vim.api.nvim_get_current_buf() ~= page
end)
found.definition = { vim.fn.expand('%:t'), vim.api.nvim_win_get_cursor(0)[1] }
vim.cmd('buffer ' .. page)

go_to('ghp_')
vim.ui.select = function(items, options, choose)
  found.actions = vim.tbl_map(options.format_item or tostring, items)
  for _, item in ipairs(items) do
    if (options.format_item or tostring)(item):find('Mask the secret', 1, true) then
      return choose(item)
    end
  end
  fail('no action masks the secret: ' .. table.concat(found.actions, ', '))
end
vim.lsp.buf.code_action()
wait_for('the secret is masked', function()
  return not table.concat(lines(), '\n'):find('ghp_', 1, true)
end)

go_to(made .. ' ')
vim.lsp.buf.rename(given.renamed)
wait_for('the task has its new name', function()
  return table.concat(lines(), '\n'):find(given.renamed, 1, true)
end)
found.page = lines()

io.stdout:write(vim.fn.json_encode(found) .. '\n')
io.stdout:flush()
vim.cmd('qall!')
