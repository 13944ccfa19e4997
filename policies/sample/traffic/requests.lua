-- What wrk sends: requests drawn from the routes that stand on its command line, each as "WEIGHT METHOD PATH".

local drawn = {}

function init(arguments)
   -- The same seed each time: two recordings send the same requests in the same order.
   math.randomseed(30)
   wrk.headers["User-Agent"] = "storefront/5.2"
   for _, route in ipairs(arguments) do
      local weight, method, path = route:match("^(%d+) (%u+) (%S+)$")
      local text = wrk.format(method, path)
      for _ = 1, tonumber(weight) do
         drawn[#drawn + 1] = text
      end
   end
end

function request()
   return drawn[math.random(#drawn)]
end

-- Milliseconds that a connection waits before its next request: people think, and the machine is spared.
function delay()
   return math.random(60, 140)
end
