namespace Games.DiscordClient.Rest;

/// <summary>The first answer to an interaction.</summary>
public sealed record InteractionAnswer(int Type, InteractionAnswerData? Data = null)
{
    /// <summary>Seen by the user alone. Fixed by the first answer.</summary>
    public const int Ephemeral = 64;

    public static InteractionAnswer Private(string content) => new(4, new() { Content = content, Flags = Ephemeral });

    /// <summary>A later answer fills it in.</summary>
    public static InteractionAnswer DeferredPrivate { get; } = new(5, new() { Flags = Ephemeral, AllowedMentions = null });

    public static InteractionAnswer Modal(string customId, string title, params IReadOnlyList<Component> rows) =>
        new(9, new() { CustomId = customId, Title = title, Components = rows, AllowedMentions = null });
}

/// <summary>A message, or a modal.</summary>
public sealed record InteractionAnswerData
{
    public string? Content { get; init; }
    public IReadOnlyList<Embed>? Embeds { get; init; }
    public IReadOnlyList<Component>? Components { get; init; }
    public AllowedMentions? AllowedMentions { get; init; } = Rest.AllowedMentions.None;
    public int? Flags { get; init; }
    public string? CustomId { get; init; }
    public string? Title { get; init; }
}

/// <summary>A command, a subcommand or an option of one, as it is registered and as Discord lists it.</summary>
public sealed record Command
{
    public const int Subcommand = 1;
    public const int String = 3;

    public required string Name { get; init; }
    public required string Description { get; init; }
    public int? Type { get; init; }
    public bool? Required { get; init; }
    public int? MinLength { get; init; }
    public int? MaxLength { get; init; }
    public IReadOnlyList<Command>? Options { get; init; }
}
