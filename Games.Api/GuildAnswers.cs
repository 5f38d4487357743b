using FastEndpoints;

namespace Games.Api;

internal static class GuildAnswers
{
    /// <summary>Also for a guild that the key is not for.</summary>
    public static IResult NotFound { get; } = Results.Problem(
        statusCode: StatusCodes.Status404NotFound, detail: "There is no guild with this id.");
}

/// <summary>The route value that all endpoints of one guild have.</summary>
internal abstract record GuildRequest
{
    [RouteParam]
    public string GuildId { get; init; } = "";
}
