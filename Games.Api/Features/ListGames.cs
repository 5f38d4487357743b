using System.Buffers.Text;
using FastEndpoints;
using FluentValidation;
using Games.Data;
using Games.ServiceDefaults.Access;

namespace Games.Api.Features;

internal sealed record ListGamesRequest : PageRequest
{
    [QueryParam]
    public string? GuildId { get; init; }

    [QueryParam]
    public GameStatus? Status { get; init; }
}

internal sealed class ListGamesValidator : Validator<ListGamesRequest>
{
    public ListGamesValidator()
    {
        RuleFor(page => page.GuildId).Snowflake().When(page => page.GuildId is not null);
        this.RuleForPages(cursor => ListGames.TryReadCursor(cursor, out _));
    }
}

/// <summary>Newest first. The cursor is the last id of the page before: ids are uuid v7, so that pages stay right while games are added.</summary>
internal sealed class ListGames(GamesDbContext db) : Endpoint<ListGamesRequest, Page<GameView>>
{
    private const int UuidBytes = 16;

    public override void Configure()
    {
        Get("/games");
        Policies(Scope.GamesRead);
        Tags("Games");
        Summary(list => list.Summary = "Lists games, newest first, page by page");
        Description(route => route.ProducesProblem(StatusCodes.Status404NotFound));
    }

    public override async Task HandleAsync(ListGamesRequest request, CancellationToken ct)
    {
        if (request.GuildId is { } guild && !HttpContext.Caller().Sees(guild))
        {
            await Send.ResultAsync(Results.Problem(statusCode: StatusCodes.Status404NotFound, detail: "There is no guild with this id."));
            return;
        }

        var games = HttpContext.Caller().Seen(db.Games);
        if (request.GuildId is not null)
            games = games.Where(game => game.GuildId == request.GuildId);
        if (request.Status is { } status)
            games = games.Where(game => game.Status == status);
        if (request.Cursor is not null && TryReadCursor(request.Cursor, out var last))
            games = games.Where(game => game.Id < last);

        var page = await games.OrderByDescending(game => game.Id).Select(GameView.Projection).ToPageAsync(request, WriteCursor, ct);
        await Send.OkAsync(page, ct);
    }

    internal static bool TryReadCursor(string cursor, out Guid last)
    {
        Span<byte> bytes = stackalloc byte[UuidBytes];
        var isCursor = Paging.TryReadCursor(cursor, bytes);
        last = new Guid(bytes, bigEndian: true);
        return isCursor;
    }

    private static string WriteCursor(GameView last) => Base64Url.EncodeToString(last.Id.ToByteArray(bigEndian: true));
}
