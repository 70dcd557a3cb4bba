bench(function()
  local sum = 0
  for x = 0, 50000000 - 1 do
    if x % 3 ~= 0 then sum = sum + x * x % 7 end
  end
  return sum
end)
