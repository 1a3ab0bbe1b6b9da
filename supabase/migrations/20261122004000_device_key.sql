-- A desktop's encryption key follows another one after a phone was dropped. Which one it follows is part of its signed word, so
-- that an older word said again changes nothing; the same word again is heard without effect.

-- Raises device.proof when another key is registered than the one that is followed.
create or replace function public.relay_rotate(p_kid text, p_was text, p_ek text, p_enc jsonb) returns void
language plpgsql set search_path = ''
as $$
begin
  update private.devices set ek = p_ek, enc = p_enc where kid = p_kid and kind = 'desktop' and ek in (p_was, p_ek);
  if not found then
    raise exception 'device.proof';
  end if;
end
$$;
revoke all on function public.relay_rotate(text, text, text, jsonb) from public, anon, authenticated;
grant execute on function public.relay_rotate(text, text, text, jsonb) to service_role;
