using FastEndpoints;
using FluentValidation;
using Games.Contracts;
using Games.Data;
using Games.ServiceDefaults.Access;

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
    public int[]? Reminders { get; init; }
}

internal sealed class CreateGameValidator : Validator<CreateGameRequest>
{
    public CreateGameValidator()
    {
        RuleFor(game => game.GuildId).Snowflake();
        RuleFor(game => game.ChannelId).Snowflake();
        RuleFor(game => game.HostId).Snowflake();
        RuleFor(game => game.Title).TrimmedAtMost(Game.TitleMaxLength).OneLine();
        RuleFor(game => game.Description).AtMost(Game.DescriptionMaxLength).Storable();
        RuleFor(game => game.Location).AtMost(Game.LocationMaxLength).OneLine();
        RuleFor(game => game.ScheduledAt).NotNull().WithMessage("is required").Start();
        RuleFor(game => game.DurationMinutes).InclusiveBetween(1, Game.MaxDurationMinutes);
        RuleFor(game => game.MaxPlayers).InclusiveBetween(1, Game.MaxPlayersLimit);
        RuleFor(game => game.Reminders).Reminders();
    }
}

internal sealed class CreateGame(GameCommands games, IdempotentRequests requests, TimeProvider clock)
    : Endpoint<CreateGameRequest, GameView>
{
    public override void Configure()
    {
        Post("/games");
        Policies(Scope.GamesWrite);
        // Not from the query as well: a time there would need no offset.
        RequestBinder(new RequestBinder<CreateGameRequest>(BindingSource.JsonBody));
        Tags("Games");
        Summary(create =>
        {
            create.Summary = "Creates a game; once it is committed, the bot announces it in its channel";
            create.ExampleRequest = new()
            {
                GuildId = "100000000000000001",
                ChannelId = "200000000000000001",
                HostId = "300000000000000001",
                Title = "Friday raid",
                Description = "bring snacks",
                Location = "Voice 1",
                ScheduledAt = new DateTimeOffset(2031, 1, 1, 20, 0, 0, TimeSpan.FromHours(1)),
                DurationMinutes = 120,
                MaxPlayers = 5,
                Reminders = [1440, 60],
            };
        });
        Description(route => route.Produces<GameView>(StatusCodes.Status201Created).AcceptsIdempotencyKey());
    }

    public override async Task HandleAsync(CreateGameRequest request, CancellationToken ct) => await Send.ResultAsync(
        HttpContext.Caller().Sees(request.GuildId!)
            ? await requests.RunOnceAsync(request, stop => CreateAsync(request, stop), ct)
            : Results.Problem(statusCode: StatusCodes.Status403Forbidden, detail: $"The key is not for the guild {request.GuildId}."));

    private async Task<GameView> CreateAsync(CreateGameRequest request, CancellationToken ct)
    {
        // Not by the validator: a repeat gets the first answer also when the game has begun meanwhile.
        if (request.ScheduledAt <= clock.GetUtcNow())
            ThrowError(game => game.ScheduledAt!, "must be in the future");

        var details = new GameDetails(
            request.Title!,
            request.Description,
            request.Location,
            request.ScheduledAt!.Value,
            request.DurationMinutes,
            request.MaxPlayers ?? Game.DefaultMaxPlayers,
            request.Reminders ?? []);
        var game = await games.CreateAsync(
            request.GuildId!, request.ChannelId!, request.HostId!, details, HttpContext.Caller().Name, ct);

        return GameView.Of(game, [], announcement: null);
    }
}
