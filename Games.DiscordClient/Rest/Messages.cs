namespace Games.DiscordClient.Rest;

/// <summary>A message to create, or what to change of one: what is null is not sent, and stays as it is.</summary>
public sealed record MessageBody
{
    public const int MaxContent = 2000;

    public string? Content { get; init; }
    public IReadOnlyList<Embed>? Embeds { get; init; }
    public IReadOnlyList<Component>? Components { get; init; }

    /// <summary>Nobody, unless it says whom. Sent with every change too: Discord reads its default out of an edit that says nothing.</summary>
    public AllowedMentions AllowedMentions { get; init; } = AllowedMentions.None;

    /// <summary>At most 25 characters. The same within some minutes is the same message, if <see cref="EnforceNonce"/> says so.</summary>
    public string? Nonce { get; init; }

    public bool? EnforceNonce { get; init; }
    public int? Flags { get; init; }
}

public sealed record AllowedMentions(IReadOnlyList<string> Parse)
{
    public static readonly AllowedMentions None = new([]);
}

/// <summary>Lengths are code points; all texts of all embeds of a message have <see cref="MaxTotal"/> together.</summary>
public sealed record Embed
{
    public const int MaxTitle = 256;
    public const int MaxDescription = 4096;
    public const int MaxFields = 25;
    public const int MaxFieldName = 256;
    public const int MaxFieldValue = 1024;
    public const int MaxFooter = 2048;
    public const int MaxTotal = 6000;

    public string? Title { get; init; }
    public string? Description { get; init; }
    public string? Url { get; init; }
    public int? Color { get; init; }
    public EmbedFooter? Footer { get; init; }
    public IReadOnlyList<EmbedField>? Fields { get; init; }
}

public sealed record EmbedField(string Name, string Value, bool Inline = false);

public sealed record EmbedFooter(string Text);

/// <summary>A row, a button or a field of a modal.</summary>
public sealed record Component(int Type)
{
    public IReadOnlyList<Component>? Components { get; init; }
    public int? Style { get; init; }
    public string? Label { get; init; }
    public string? CustomId { get; init; }
    public string? Url { get; init; }
    public bool? Disabled { get; init; }
    public string? Placeholder { get; init; }
    public string? Value { get; init; }
    public int? MinLength { get; init; }
    public int? MaxLength { get; init; }
    public bool? Required { get; init; }

    /// <summary>At most five buttons, or one field of a modal.</summary>
    public static Component Row(params IReadOnlyList<Component> components) => new(1) { Components = components };

    public static Component Button(ButtonStyle style, string label, string customId, bool isDisabled = false) =>
        new(2) { Style = (int)style, Label = label, CustomId = customId, Disabled = isDisabled };

    public static Component Link(string label, string url) => new(2) { Style = 5, Label = label, Url = url };

    public static Component TextInput(string customId, string label, bool isLong, bool isRequired, int maxLength, string? placeholder = null) =>
        new(4)
        {
            CustomId = customId,
            Label = label,
            Style = isLong ? 2 : 1,
            Required = isRequired,
            MaxLength = maxLength,
            Placeholder = placeholder,
        };
}

public enum ButtonStyle
{
    Primary = 1,
    Secondary = 2,
    Success = 3,
    Danger = 4,
}

/// <summary>A message as Discord tells of it.</summary>
public sealed record Message
{
    public required string Id { get; init; }
    public required string ChannelId { get; init; }
    public User? Author { get; init; }
    public string? Content { get; init; }
    public IReadOnlyList<Embed>? Embeds { get; init; }
    public IReadOnlyList<Component>? Components { get; init; }
}

public sealed record User
{
    public required string Id { get; init; }
    public string? Username { get; init; }
    public string? GlobalName { get; init; }
    public bool? Bot { get; init; }
}

public sealed record Channel
{
    public required string Id { get; init; }
    public int Type { get; init; }
    public string? GuildId { get; init; }
}
