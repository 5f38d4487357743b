using Games.Client;
using Games.Client.Models;
using Microsoft.Kiota.Abstractions.Authentication;
using Microsoft.Kiota.Http.HttpClientLibrary;

// The key is of no use to an API without keys, and needed by one with them.
using var http = new HttpClient();
http.DefaultRequestHeaders.Authorization = new("Bearer", args[1]);
using var adapter = new HttpClientRequestAdapter(new AnonymousAuthenticationProvider(), httpClient: http) { BaseUrl = args[0] };
var api = new GamesClient(adapter);

var created = await api.Games.PostAsync(new CreateGameRequest
{
    GuildId = "100000000000000001",
    ChannelId = "200000000000000001",
    HostId = "300000000000000001",
    Title = "A game of a generated client 🎲",
    ScheduledAt = new DateTimeOffset(2131, 1, 1, 20, 0, 0, TimeSpan.FromHours(1)),
    MaxPlayers = 7,
});
var read = await api.Games[created!.Id!.Value].GetAsync();
var listed = await api.Games.GetAsync(
    list => list.QueryParameters.StatusAsGetStatusQueryParameterType = [Games.Client.Games.GetStatusQueryParameterType.Scheduled]);

try
{
    await api.Games.PostAsync(new CreateGameRequest { Title = "" });
}
catch (ProblemDetails refused)
{
    Console.WriteLine($"refused {refused.Status} {string.Join(' ', refused.Errors!.Select(error => error.Name).Order())}");
}

Console.WriteLine($"listed {listed!.Items!.Any(game => game.Id == created.Id)}");
Console.WriteLine($"read {read!.Title} {read.MaxPlayers} {read.Status} {read.ScheduledAt:u} {read.Announcement is null}");
