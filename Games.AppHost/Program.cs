using System.CommandLine;
using Games.AppHost;
using Games.AppHost.Servers;

const string DefaultData = ".run";
var apiUrls = new Option<string>("--api-urls") { Description = "Where the API listens.", DefaultValueFactory = _ => "http://localhost:5080" };
var botUrls = new Option<string>("--bot-urls") { Description = "Where the bot listens.", DefaultValueFactory = _ => "http://localhost:5081" };
var discordToken = new Option<string?>("--discord-token")
{
    Description = "The bot's token: it goes to Discord itself, and no stand-in is started; with a --data of its own. The environment variable "
        + "Discord__Token does the same, and a list of processes does not show it.",
    HelpName = "TOKEN",
};
discordToken.Validators.Add(result =>
{
    if (!result.Errors.Any() && string.IsNullOrWhiteSpace(result.GetValueOrDefault<string?>()))
        result.AddError("--discord-token is empty.");
});
var discordUrls = new Option<string>("--discord-urls")
{
    Description = "Where the stand-in for Discord listens.",
    DefaultValueFactory = _ => "http://localhost:5082",
};
var dashboardProgram = new Option<string?>("--dashboard")
{
    Description = "Shows traces, metrics and logs: the executable of Aspire's dashboard, which ./run finds.",
    HelpName = "PROGRAM",
};
var data = new Option<string>("--data")
{
    Description = "Where PostgreSQL and RabbitMQ keep their data.",
    DefaultValueFactory = _ => DefaultData,
    Recursive = true,
};

var command = new RootCommand("Runs Games on this machine: PostgreSQL, RabbitMQ, the API, the bot and a stand-in for Discord.")
{
    apiUrls, botUrls, discordUrls, discordToken, dashboardProgram, data,
    ServerVerbs.Create(ServerVerbs.Broker, "RabbitMQ", data),
    ServerVerbs.Create(ServerVerbs.Database, "PostgreSQL", data),
};
command.SetAction(options => LocalRun.UntilStoppedAsync(options.GetRequiredValue(data), async (run, ct) =>
{
    var postgres = new PostgresServer(run.PathOf("postgres"), run.LogOf("postgres")) { Port = await run.PortOfAsync("PostgreSQL", ct) };
    var rabbitMq = new RabbitMqServer(run.PathOf("rabbitmq"), run.LogOf("rabbitmq")) { Port = await run.PortOfAsync("RabbitMQ", ct) };
    var connections = new Dictionary<string, string>
    {
        ["ConnectionStrings__Games"] = postgres.ConnectionStringTo("games"),
        ["ConnectionStrings__RabbitMq"] = rabbitMq.ConnectionString,
    };
    var dashboard = options.GetValue(dashboardProgram) is { } program
        ? new DashboardServer(
            program, await run.PortOfAsync("dashboard", ct), await run.PortOfAsync("dashboard's collector", ct), run.LogOf("dashboard"))
        : null;
    var settings = connections.Concat(dashboard?.ServiceSettings ?? []).ToDictionary();
    var api = new GamesService("api", "Games.Api", options.GetRequiredValue(apiUrls), settings, run.LogOf("api"));
    var discord = RunDiscord.Choose(run, options.GetValue(discordToken), options.GetRequiredValue(discordUrls), api.Address);
    var botSettings = settings.Concat(discord.BotSettings).ToDictionary();
    var bot = new GamesService("bot", "Games.Bot", options.GetRequiredValue(botUrls), botSettings, run.LogOf("bot"));
    var keyFile = run.PathOf("api-key");
    var key = new LocalKey(keyFile, api.Address, new GamesService("ops", "Games.Ops", options.GetRequiredValue(apiUrls), connections));
    LocalRun.RequireAll(api.RequireFreePorts, bot.RequireFreePorts, discord.RequireFreePorts);

    // RabbitMQ is the slowest to start: the database is migrated meanwhile.
    await LocalRun.AllAsync(
        ct, StartDatabaseAsync, stop => run.StartAsync(rabbitMq, stop), discord.StartAsync,
        stop => dashboard is null ? Task.CompletedTask : run.StartAsync(dashboard, stop));
    await LocalRun.AllAsync(ct, stop => run.StartAsync(api, stop), stop => run.StartAsync(bot, stop));
    await key.EnsureAsync(ct);
    await run.OpenAsync(connections, new() { [ServerVerbs.Broker] = rabbitMq, [ServerVerbs.Database] = postgres }, ct);

    var folder = options.GetRequiredValue(data);
    var games = folder == DefaultData ? "./games" : $"./games --data {Shell.PathTo(Path.GetFullPath(folder))}";
    run.Write($"""
        Games is running.
          API         {api.Address}games
          OpenAPI     {api.Address}docs
          Bot         {bot.Address}health/ready
          Discord     {discord.Address}{(dashboard is null ? "" : $"\n  Dashboard   {dashboard.Address}")}
          PostgreSQL  psql -h 127.0.0.1 -p {postgres.Port} -U games games
          RabbitMQ    {rabbitMq.ConnectionString}
        The key for everything is in {Shell.PathTo(keyFile)}. A first game{(discord.IsReal ? ", with the ids of your server and channel" : "")}:
          curl {api.Address}games -H "Authorization: Bearer $(cat {Shell.PathTo(keyFile)})" --json '{LocalKey.Game}'
        What is wrong, and a broker that is away for a while:
          {games} doctor
          {games} broker stop
        {games} finds this run by itself. For other programs:
          {string.Join("\n  ", connections.Select(setting => Shell.Export(setting.Key, setting.Value)))}
        Ctrl+C stops everything and keeps the data; from elsewhere: kill {Environment.ProcessId}
        """);

    async Task StartDatabaseAsync(CancellationToken stop)
    {
        await run.StartAsync(postgres, stop);
        await postgres.CreateDatabaseAsync("games", ct: stop);
        var migrated = await api.RunOnceAsync(stop, "--migrate");
        if (migrated.Split("Applied migration ").Length - 1 is > 0 and var count)
            run.Say($"the database is migrated, migrations applied: {count}");
        await discord.ForgetAsync(connections["ConnectionStrings__Games"], stop);
    }
}));

// The run itself writes to the console. Whoever reads the library's help has typed the name of a script, and ./games tells that it was that.
using var help = new StringWriter();
var exitCode = await command.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null, Output = help });
var script = Environment.GetEnvironmentVariable("GAMES_RUN") is null ? "./run" : "./games";
Console.Out.Write(help.ToString().Replace($"{RootCommand.ExecutableName} ", $"{script} "));
return exitCode;
