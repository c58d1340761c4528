--- Judges what a server showed of its TLS, against what the URL asks for. Pure.
local certificate = {}

local answer = require("tilth.doctor.answer")
local roots = require("tilth.url.roots")

local DAY <const> = 86400
local SOON <const> = 30
-- OpenSSL's numbers of what can be wrong with a chain.
local NOT_YET <const>, EXPIRED <const>, SELF_SIGNED <const> = 9, 10, 18
local UNKNOWN <const> = { [2] = true, [18] = true, [19] = true, [20] = true, [21] = true }
local WHOLE <const> = { ["verify-full"] = true, ["verify-ca"] = true }

local function day(seconds)
  return os.date("!%Y-%m-%d", seconds)
end

local function bundle_advice(about)
  if about.proxy then
    return "An RDS Proxy shows a public certificate, not one of the RDS bundle: write sslmode=verify-full in the URL and leave "
      .. "sslrootcert out, so that the system's roots count."
  elseif about.bundle then
    return ("The bundle beside the project may be an old one. Get it anew: curl -fsSo %s %s"):format(about.roots,
      roots.bundle_source(about.host))
  end
  return ("Keep the RDS bundle in the project: curl -fsSo global-bundle.pem %s\nThere it is found, and the server is verified "
    .. "(sslmode=verify-full) unless the URL says otherwise. Beside schema.prisma, sslaccept=strict&sslcert=global-bundle.pem in the "
    .. "URL makes Prisma Client verify as well."):format(roots.bundle_source(about.host))
end

local function roots_text(about)
  return about.roots or "the system's roots"
end

-- What is wrong with the certificates: kind, one sentence, advice; nil when nothing is.
local function fault(seen, about)
  local own, number = seen.chain[1], seen.problem_number
  if not own then
    return "none", "the server showed no certificate", "Give the server a certificate."
  elseif own.not_after and own.not_after < about.now or number == EXPIRED then
    for _, link in ipairs(seen.chain) do
      if link.not_after and link.not_after < about.now then
        return "expired", ("the certificate of %s expired on %s"):format(link.subject, day(link.not_after)),
          "Renew the server's certificate (on RDS: rotate it to a current CA), or mend this machine's clock if the date is wrong."
      end
    end
    return "expired", "a certificate of the chain has expired: " .. roots_text(about), "Renew that root certificate."
  elseif own.not_before and own.not_before > about.now or number == NOT_YET then
    return "early", ("the certificate of %s is valid only from %s on"):format(own.subject, day(own.not_before)),
      "Look at this machine's clock: by it, the certificate lies in the future."
  elseif UNKNOWN[number] then
    local who = number == SELF_SIGNED and "the server signed its certificate itself" or ("the certificate's issuer is not among %s")
      :format(roots_text(about))
    return "unknown", ("%s (issuer %s)"):format(who, seen.chain[#seen.chain].issuer), about.rds and bundle_advice(about)
      or "Name the file with the issuer's certificate in the URL: sslrootcert=FILE."
  elseif not seen.verified then
    return "other", seen.problem or "the chain of certificates is not valid", "Look at the server's certificate."
  elseif seen.name_matches == false then
    local names = #own.names > 0 and table.concat(own.names, ", ") or own.subject
    return "name", ("the certificate is for %s, not for %s"):format(names, about.host),
      "Use one of those names as the host in the URL; through a tunnel or an alias of the host, sslmode=verify-ca leaves the name out."
  end
  return nil
end

local function soon(seen, about)
  local first
  for _, link in ipairs(seen.chain) do
    if link.not_after and (not first or link.not_after < first.not_after) then
      first = link
    end
  end
  if first and first.not_after - about.now < SOON * DAY then
    return ("the certificate of %s expires on %s"):format(first.subject, day(first.not_after))
  end
  return nil
end

local function without_tls(about)
  if about.sslmode == "require" or WHOLE[about.sslmode] then
    return answer.fail(("the server offers no TLS, and the URL says sslmode=%s"):format(about.sslmode), "P1011",
      "Turn ssl on in the server, or, where the network is trusted, write sslmode=disable.")
  elseif about.nearby then
    return answer.ok("none, and none is needed on this machine")
  end
  return answer.warn(("the server offers no TLS: passwords and data travel readably (sslmode=%s)"):format(about.sslmode),
    "Turn ssl on in the server, and write sslmode=verify-full in the URL.")
end

local function with_fault(head, about, kind, text, advice)
  local counts = about.sslmode == "verify-full" or (about.sslmode == "verify-ca" and kind ~= "name")
  if counts then
    return answer.fail(("Error opening a TLS connection: %s (sslmode=%s)"):format(text, about.sslmode), "P1011", advice)
  elseif about.sslmode == "verify-ca" and not about.rds then
    return answer.ok(("%s, verified but for the name (sslmode=verify-ca): %s"):format(head, text))
  elseif about.rds then
    return answer.warn(("%s, but the server is %s verified: sslmode=%s is weaker than verify-full"):format(head,
      about.sslmode == "verify-ca" and "not wholly" or "not", about.sslmode),
      bundle_advice(about))
  elseif kind == "expired" then
    return answer.warn(("%s, and %s"):format(head, text), advice)
  end
  return answer.ok(("%s, the server is not verified (sslmode=%s; %s)"):format(head, about.sslmode, text))
end

--- Judges.
-- @tparam table seen as tilth.net's tls gives it
-- @tparam table about { sslmode (the one in force), host, rds, proxy, bundle (whether the roots are
--   an RDS bundle found beside the project), nearby (loopback or socket), roots (file), now }
-- @treturn table answer
function certificate.judge(seen, about)
  if seen.answer ~= "S" and seen.answer ~= "N" then
    return answer.fail("what answers there does not speak PostgreSQL's protocol", "P1001",
      "Check the port: it seems to be another service's.")
  elseif seen.answer == "N" then
    return without_tls(about)
  end
  local head = seen.protocol
  local kind, text, advice = fault(seen, about)
  if kind then
    return with_fault(head, about, kind, text, advice)
  end
  local ending = soon(seen, about)
  if ending then
    return answer.warn(("%s, verified against %s, but %s"):format(head, roots_text(about), ending), "Renew it before that day.")
  elseif about.rds and about.sslmode ~= "verify-full" then
    return answer.warn(("%s; the certificate would pass, but sslmode=%s does not insist on it"):format(head, about.sslmode),
      bundle_advice(about))
  end
  local how = "not insisted on, but the certificate would pass"
  if WHOLE[about.sslmode] then
    how = "verified" .. (about.bundle and " against " .. about.roots or "")
  end
  return answer.ok(("%s, %s (sslmode=%s), valid until %s"):format(head, how, about.sslmode, day(seen.chain[1].not_after)))
end

return certificate
