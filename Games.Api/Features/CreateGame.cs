using FastEndpoints;
using FluentValidation;
using Games.Contracts;
using Games.Data;
using MassTransit;

namespace Games.Api.Features;

internal sealed record CreateGameRequest
{
    public string? GuildId { get; init; }
    public string? ChannelId { get; init; }
    public string? HostId { get; init; }
    public string? Title { get; init; }
    public string? Description { get; init; }
    public string? Location { get; init; }
    public DateTimeOffset? ScheduledAt { get; init; }
    public int? DurationMinutes { get; init; }
    public int? MaxPlayers { get; init; }
}

internal sealed record CreateGameResponse(
    Guid Id,
    string GuildId,
    string ChannelId,
    string HostId,
    string Title,
    string? Description,
    string? Location,
    DateTimeOffset ScheduledAt,
    int? DurationMinutes,
    int MaxPlayers,
    GameStatus Status,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt);

internal sealed class CreateGameValidator : Validator<CreateGameRequest>
{
    public CreateGameValidator(TimeProvider clock)
    {
        RuleFor(game => game.GuildId).Snowflake();
        RuleFor(game => game.ChannelId).Snowflake();
        RuleFor(game => game.HostId).Snowflake();
        RuleFor(game => game.Title)
            .Must(title => title?.Trim().Length is >= 1 and <= Game.TitleMaxLength)
            .WithMessage($"must have 1 to {Game.TitleMaxLength} characters")
            .OneLine();
        RuleFor(game => game.Description).MaximumLength(Game.DescriptionMaxLength).Storable();
        RuleFor(game => game.Location).MaximumLength(Game.LocationMaxLength).OneLine();
        RuleFor(game => game.ScheduledAt)
            .NotNull().WithMessage("is required")
            .Must(time => time is null || time > clock.GetUtcNow()).WithMessage("must be in the future");
        RuleFor(game => game.DurationMinutes).InclusiveBetween(1, Game.MaxDurationMinutes);
        RuleFor(game => game.MaxPlayers).InclusiveBetween(1, Game.MaxPlayersLimit);
    }
}

internal sealed class CreateGame(GamesDbContext db, IPublishEndpoint events, TimeProvider clock)
    : Endpoint<CreateGameRequest, CreateGameResponse>
{
    public override void Configure()
    {
        Post("/games");
        AllowAnonymous();
        Tags("Games");
        Description(route => route
            .Produces<CreateGameResponse>(StatusCodes.Status201Created)
            .ProducesProblem(StatusCodes.Status400BadRequest));
    }

    public override async Task HandleAsync(CreateGameRequest request, CancellationToken ct)
    {
        var game = Game.Create(
            request.GuildId!,
            request.ChannelId!,
            request.HostId!,
            request.Title!,
            request.Description,
            request.Location,
            request.ScheduledAt!.Value,
            request.DurationMinutes,
            request.MaxPlayers ?? Game.DefaultMaxPlayers,
            clock.GetUtcNow());

        db.Games.Add(game);
        await events.Publish(
            new GameCreated(game.Id, game.GuildId, game.ChannelId, game.HostId, game.Title, game.ScheduledAt, game.MaxPlayers), ct);
        await db.SaveChangesAsync(ct);

        HttpContext.Response.Headers.Location = $"/games/{game.Id}";
        await Send.ResponseAsync(
            new CreateGameResponse(
                game.Id, game.GuildId, game.ChannelId, game.HostId, game.Title, game.Description, game.Location, game.ScheduledAt,
                game.DurationMinutes, game.MaxPlayers, game.Status, game.CreatedAt, game.UpdatedAt),
            StatusCodes.Status201Created,
            ct);
    }
}
