using System.Globalization;
using System.Text;
using Games.Bench.Driving;

namespace Games.Bench.Mix;

/// <summary>
/// Sends the requests of a mix to one API. Each that is done changes its game by one version: a user joins once and leaves once, a change is
/// always another one, and a game is cancelled once.
/// </summary>
internal sealed class MixedClient(GamePoster poster, KnownGames games)
{
    private const int Done = 200;
    private const int DoneWithoutBody = 204;
    private const int Conflict = 409;
    private const int Stale = 412;
    private const int MostRepeats = 50;

    // A join and a leave may have no body; with one it does not matter what an API makes of a missing content type.
    private static readonly byte[] NoFields = "{}"u8.ToArray();

    private readonly ApiConnections _api = poster.Api;

    /// <param name="number">Of the request, from 0; none comes twice.</param>
    public Task<MixedRequest> SendAsync(int number, CancellationToken ct) => RequestKinds.Of(number) switch
    {
        RequestKind.Join when games.PickOpen() is { } game => JoinAsync(game, UserOf(number), ct),
        RequestKind.Leave when games.TakePlayer() is var (game, userId) => LeaveAsync(game, userId, ct),
        RequestKind.Change when games.PickOpen() is { } game => ChangeAsync(game, number, ct),
        RequestKind.Cancel when games.PickToCancel() is { } game => CancelAsync(game, ct),
        // The first find no game to do anything with.
        _ => CreateAsync(number, ct),
    };

    private async Task<MixedRequest> CreateAsync(int number, CancellationToken ct)
    {
        var answer = await poster.PostAsync(number, ct).ConfigureAwait(false);
        if (answer.Accepted)
            games.Add(answer.GameId);
        return new(RequestKind.Create, answer.GameId, Refusal: answer.Refusal);
    }

    private async Task<MixedRequest> JoinAsync(Guid game, string userId, CancellationToken ct)
    {
        var reply = await _api.SendAsync(HttpMethod.Put, $"/games/{game}/players/{userId}", NoFields, ct).ConfigureAwait(false);
        if (reply.Status == Done)
            games.AddPlayer(game, userId);
        return Of(RequestKind.Join, game, reply, userId);
    }

    private async Task<MixedRequest> LeaveAsync(Guid game, string userId, CancellationToken ct) => Of(
        RequestKind.Leave,
        game,
        await _api.SendAsync(HttpMethod.Delete, $"/games/{game}/players/{userId}", NoFields, ct).ConfigureAwait(false),
        userId);

    private async Task<MixedRequest> CancelAsync(Guid game, CancellationToken ct)
    {
        var reply = await _api.SendAsync(HttpMethod.Post, $"/games/{game}/cancel", """{"reason":"rain"}"""u8.ToArray(), ct).ConfigureAwait(false);
        if (reply.Status == Done)
            games.Remove(game);
        return Of(RequestKind.Cancel, game, reply);
    }

    private async Task<MixedRequest> ChangeAsync(Guid game, int number, CancellationToken ct)
    {
        // 2 to 6 seats: some who play have to wait, and some who wait get to play.
        var body = Encoding.UTF8.GetBytes($$"""{"location":"Voice {{number}}","maxPlayers":{{2 + number % 5}}}""");
        for (var stale = 0; ; stale++)
        {
            var seen = await _api.SendAsync(HttpMethod.Get, $"/games/{game}", null, ct).ConfigureAwait(false);
            if (seen.Status != Done)
                return Of(RequestKind.Change, game, seen, stale: stale);

            var reply = await _api.SendAsync(HttpMethod.Patch, $"/games/{game}", body, ct, seen.ETag).ConfigureAwait(false);
            if (reply.Status != Stale || stale == MostRepeats)
                return Of(RequestKind.Change, game, reply, stale: stale);
        }
    }

    private MixedRequest Of(RequestKind kind, Guid game, Reply reply, string? userId = null, int stale = 0) =>
        reply.Status is Done or DoneWithoutBody
            ? new(kind, game, userId, Stale: stale)
            : new(kind, Guid.Empty, userId, reply.Name, reply.Status == Conflict && games.MayBeCancelled(game), stale);

    private static string UserOf(int number) => (400_000_000_000_000_000 + number).ToString(CultureInfo.InvariantCulture);
}
