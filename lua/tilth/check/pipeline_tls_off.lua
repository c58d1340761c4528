--- Checks of the server's certificate turned off.
local pipeline_tls_off = {
  id = "pipeline-tls-off",
  about = "The server's certificate is checked wherever a database is reached over a network.",
}

local finding = require("tilth.pipeline.finding")
local roots = require("tilth.url.roots")

local RDS_ADVICE <const> = "Write `sslmode=verify-full&sslrootcert=global-bundle.pem` (%s)."
local WEAK <const> = { disable = true, allow = true, prefer = true, require = true, ["no-verify"] = true }

local function of_url(value)
  local mode = value:match("[?&]sslmode=([%w-]+)")
  local host = value:match("[%w.-]+%.rds%.[%w.-]*amazonaws%.com[%w.]*")
  if value:find("sslaccept=accept_invalid_certs", 1, true) then
    return "`sslaccept=accept_invalid_certs` accepts any server that calls itself the database",
      "Write `sslaccept=strict`, with `sslcert` naming the authority's certificate."
  elseif host and mode and WEAK[mode] then
    return ("`sslmode=%s` does not check who answers under the name of the RDS instance"):format(mode),
      RDS_ADVICE:format(roots.bundle_source(host))
  elseif mode == "no-verify" then
    return "`sslmode=no-verify` accepts any server that calls itself the database", "Write `sslmode=verify-full`."
  end
  return nil
end

local function of_setting(setting)
  local value = setting.value:lower()
  if setting.name == "NODE_TLS_REJECT_UNAUTHORIZED" and value == "0" then
    return "NODE_TLS_REJECT_UNAUTHORIZED=0 turns off the certificate checks of every connection that Node.js makes",
      "Remove it. Where an authority is unknown to Node.js, name its certificate: NODE_EXTRA_CA_CERTS=bundle.pem."
  elseif setting.name == "PGSSLMODE" and (value == "disable" or value == "allow") then
    return "PGSSLMODE lets the connection go unencrypted", "Write PGSSLMODE=verify-full and PGSSLROOTCERT=bundle.pem."
  end
  return of_url(setting.value)
end

local function skip(setting)
  return setting.scratch or (setting.kind == "dotenv" and finding.is_harmless_file(setting.file))
end

local function add_sources(pipeline, findings)
  for _, file in ipairs(pipeline.files) do
    for number, line in ipairs(file.kind == "source" and pipeline.texts[file.path] or {}) do
      if line:find("rejectUnauthorized[\"']?%s*:%s*false") and not line:find("^%s*//") and not line:find("^%s*%*") then
        findings[#findings + 1] = finding.at(pipeline, pipeline_tls_off, { file = file.name, full_path = file.path, line = number }, {
          severity = "warn", message = "`rejectUnauthorized: false` accepts any server that calls itself the database.",
          advice = "Write `ssl: { ca: fs.readFileSync(\"global-bundle.pem\") }`, with the certificates of the server's authority." })
      end
    end
  end
end

-- A URL that is a word of a command, as in `psql "postgresql://..."`.
local function add_words(pipeline, findings)
  for _, command in ipairs(pipeline.commands) do
    for _, word in ipairs(command.context.scratch and {} or command.words) do
      local message, advice
      if not word:find("^[%a_][%w_]*=") then
        message, advice = of_url(word)
      end
      if message then
        findings[#findings + 1] = finding.at(pipeline, pipeline_tls_off, command, {
          severity = "warn", message = message .. ".", advice = advice,
        })
      end
    end
  end
end

--- Runs the check.
-- @tparam table observed
-- @tparam table plan
-- @treturn table list of findings
function pipeline_tls_off.run(observed, plan)
  local pipeline, findings, target = observed.pipeline, {}, observed.target
  if not pipeline then
    return findings
  end
  for _, setting in ipairs(pipeline:settings()) do
    local message, advice = of_setting(setting)
    if message and not skip(setting) then
      findings[#findings + 1] = finding.at(pipeline, pipeline_tls_off, setting, { severity = "warn", name = setting.name,
        message = message .. ".", advice = advice })
    end
  end
  add_words(pipeline, findings)
  add_sources(pipeline, findings)
  -- Said when somebody asks for checks, not in every build.
  local asked = plan and plan.request and plan.request.command == "check"
  if asked and target and target.rds and target.params and WEAK[target.params.sslmode or "prefer"] then
    findings[#findings + 1] = { id = pipeline_tls_off.id, severity = "note", advice = RDS_ADVICE:format(roots.bundle_source(target.host)),
      message = ("%s reaches RDS without checking who answers (sslmode %s)."):format(target.source, target.params.sslmode or "prefer") }
  end
  return findings
end

return pipeline_tls_off
