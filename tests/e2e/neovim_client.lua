-- Neovim's own LSP client watches a run. Written for 0.7, the oldest that is about, and what came after it.
--
--   CAIRN_WATCH='{"command": [...], "prompt": "...", "since": 0}' nvim --headless -u NONE -i NONE -n -l|-S this
--
-- `command` starts the server. With `prompt` a run is started; else the events after `since` are watched.
-- Prints one event a line, as JSON, until a run comes to rest, or until an event of the kind `leave_at`.
-- Then shuts the server down as LSP has it, and ends with 0; with 1 and a reason when something is wrong.

local PATIENCE = 30000 -- milliseconds
local watch = vim.fn.json_decode(os.getenv('CAIRN_WATCH'))

local function fail(reason)
  io.stderr:write('neovim: ' .. reason .. '\n')
  vim.cmd('cquit 1')
end

local function wait_for(what, condition)
  if not vim.wait(PATIENCE, condition, 10) then
    fail('not within ' .. PATIENCE .. ' ms: ' .. what)
  end
end

local over = false

local function received(_, notice)
  local event = notice.event
  if over then
    return
  end
  io.stdout:write(vim.fn.json_encode(event) .. '\n')
  io.stdout:flush()
  over = event.kind == watch.leave_at or (event.kind == 'session.state' and event.payload.state ~= 'running')
end

local start = vim.lsp.start or vim.lsp.start_client -- the first came with 0.8, the second goes with 0.13
local id = start({
  name = 'cairn',
  cmd = watch.command,
  root_dir = vim.fn.getcwd(),
  handlers = { ['cairn/event'] = received },
})
if not id then
  fail('the client did not start')
end
local client = vim.lsp.get_client_by_id(id)
wait_for('the server is initialised', function()
  return client.initialized
end)

local function request(method, params)
  local send = client.request_sync
  local reply, why
  if vim.fn.has('nvim-0.11') == 1 then
    reply, why = send(client, method, params, PATIENCE, 0)
  else
    reply, why = send(method, params, PATIENCE, 0)
  end
  if not reply or reply.err then
    fail(method .. ': ' .. (reply and vim.fn.json_encode(reply.err) or why))
  end
  return reply.result
end

local offered = client.server_capabilities.experimental.cairn
if not vim.tbl_contains(offered.methods, 'cairn/run/start') then
  fail('cairn/run/start is not announced')
end
request('cairn/events/subscribe', { since = watch.since, stream = false })
if watch.prompt then
  request('cairn/run/start', { prompt = watch.prompt, settings = { approve_all = true } })
end
wait_for('the run comes to rest', function()
  return over
end)

if vim.fn.has('nvim-0.11') == 1 then
  client:stop()
else
  client.stop()
end
wait_for('the server has ended', function()
  if vim.fn.has('nvim-0.11') == 1 then
    return client:is_stopped()
  end
  return client.is_stopped()
end)
vim.cmd('qall!')
