/** Whether a web page asks for a password or a user's name. */
export function isSignInPage(html: string): boolean {
  return /type=["']?password|accounts\.google\.com|login\.microsoftonline\.com|<title>[^<]{0,80}(sign.?in|log.?in|anmeld|connexion)/i.test(
    html,
  );
}
