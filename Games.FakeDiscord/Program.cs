using Games.FakeDiscord;

const string Usage = """
    Games.FakeDiscord: a stand-in for Discord, to test bots against.

    Usage: Games.FakeDiscord [--urls http://localhost:5082]

      --urls URLS    where it listens; http://localhost:5082 unless said else
      --help         this

    Discord's API     http://localhost:5082/api/v10/   any "Bot" token is taken
    its gateway       as GET /gateway/bot says
    what people do    http://localhost:5082/_fake      described in /openapi.json
    the page          http://localhost:5082/
    """;

if (args.Any(word => word is "--help" or "-h" or "-?"))
{
    Console.WriteLine(Usage);
    return 0;
}

var unknown = args.Where((word, index) => !word.StartsWith("--urls", StringComparison.Ordinal) && (index == 0 || args[index - 1] != "--urls"));
if (unknown.Any())
{
    await Console.Error.WriteLineAsync($"Games.FakeDiscord does not know {unknown.First()}. Its options: --help");
    return 2;
}

var app = FakeDiscordServer.Create(args);
await app.RunAsync();
return 0;
