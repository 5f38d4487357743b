using Games.Bot;
using Games.Bot.Delivery;
using Games.Bot.Gateway;
using Games.Bot.Ingestion;
using Games.Data;
using Games.Journal;
using Games.ServiceDefaults;
using Games.ServiceDefaults.Access;

if (args.Answer("Games.Bot") is { } exitCode)
    return exitCode;

try
{
    var builder = WebApplication.CreateBuilder(args);
    builder.AddServiceDefaults(urls: "http://localhost:5081", Messaging.SharedTransactions);
    builder.AddGamesDatabase();
    builder.AddMessaging();
    builder.AddJournal(backlogTags: Health.Ready);
    builder.AddIngestion();
    builder.AddDelivery();
    builder.AddGateway();
    builder.AddProblems();
    builder.AddApiAccess();

    var app = builder.Build();
    app.UseProblems();
    app.UseApiAccess();
    app.MapHealth();
    app.MapOutboxHealth();
    app.MapStatus();

    await app.RunServiceAsync();
    return 0;
}
catch (Exception failure) when (failure.IsWrongSetting())
{
    await Console.Error.WriteLineAsync(failure.Message);
    return 1;
}
