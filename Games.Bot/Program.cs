using Games.Bot;
using Games.Bot.Ingestion;
using Games.Data;
using Games.Data.Journal;

try
{
    var builder = WebApplication.CreateBuilder(args);
    builder.AddDefaults();
    builder.AddGamesDatabase();
    builder.AddMessaging();
    builder.AddIngestion();
    builder.AddEventDispatcher();
    builder.Services.AddSingleton(TimeProvider.System);

    var app = builder.Build();
    app.MapHealth();
    app.MapStatus();

    await app.RunAsync();
    return 0;
}
catch (SettingException setting)
{
    await Console.Error.WriteLineAsync(setting.Message);
    return 1;
}
