using FluentValidation;
using FluentValidation.Validators;
using Games.Data;
using Games.Journal;

namespace Games.Api;

/// <summary>The rules that several requests share, in words that read well after a field's name.</summary>
internal static class FieldRules
{
    public const string NotStorable = "must not hold the character U+0000";

    private const string NoControlCharacters = @"^[^\u0000-\u001f\u007f-\u009f]*$";

    public static IRuleBuilderOptions<T, string?> Snowflake<T>(this IRuleBuilder<T, string?> field) => field.Text(
        Data.Snowflake.IsValid, $"must be a Discord id: a string of {Data.Snowflake.MinLength} to {Data.Snowflake.MaxLength} digits",
        $"^[0-9]{{{Data.Snowflake.MinLength},{Data.Snowflake.MaxLength}}}$", isKind: true);

    public static IRuleBuilderOptions<T, string?> OneLine<T>(this IRuleBuilder<T, string?> field) => field.Text(
        text => text is null || !text.Any(char.IsControl), "must not hold line breaks or control characters", NoControlCharacters);

    /// <summary>PostgreSQL cannot store the character U+0000.</summary>
    public static IRuleBuilderOptions<T, string?> Storable<T>(this IRuleBuilder<T, string?> field) => field.Text(
        text => text is null || !text.Contains('\0'), NotStorable, @"^[^\u0000]*$");

    public static IRuleBuilderOptions<T, string?> EventType<T>(this IRuleBuilder<T, string?> field) => field.Text(
        text => text is null || EventRules.IsEventType(text), EventRules.EventType, EventRules.EventTypePattern,
        maxLength: JournalEvent.EventTypeMaxLength);

    public static IRuleBuilderOptions<T, string?> Channel<T>(this IRuleBuilder<T, string?> field) => field.Text(
        text => text is null || EventRules.IsChannel(text), EventRules.Channel, EventRules.ChannelPattern,
        maxLength: JournalEvent.ChannelMaxLength);

    public static IRuleBuilderOptions<T, string?> AtMost<T>(this IRuleBuilder<T, string?> field, int codePoints) => field.Text(
        text => CodePoints.In(text) <= codePoints, $"must have at most {codePoints} characters", maxLength: codePoints);

    /// <summary>Not blank, and not longer than this without the white space around it.</summary>
    public static IRuleBuilderOptions<T, string?> TrimmedAtMost<T>(this IRuleBuilder<T, string?> field, int codePoints) => field.Text(
        text => text?.Trim() is { Length: > 0 } trimmed && CodePoints.In(trimmed) <= codePoints,
        $"must have 1 to {codePoints} characters", minLength: 1, maxLength: codePoints);

    /// <summary>
    /// What a field is, in the words of its rule that say it: whoever writes a Discord id as a number is told more than that he must write a string.
    /// Null for a field without such a rule.
    /// </summary>
    public static string? KindOf(string field, HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<FastEndpoints.EndpointDefinition>()?.ValidatorType is not { } type)
            return null;

        var validator = (IValidator)ActivatorUtilities.GetServiceOrCreateInstance(context.RequestServices, type);
        return validator.CreateDescriptor().GetValidatorsForMember(field)
            .FirstOrDefault(rule => rule.Validator is ITextRule { IsKind: true }).Options?.GetUnformattedErrorMessage();
    }

    public static IRuleBuilderOptions<T, DateTimeOffset?> Start<T>(this IRuleBuilder<T, DateTimeOffset?> field) => field
        .Must(start => start is null || start < Game.StartLimit).WithMessage($"must be before the year {Game.StartLimit.Year}");

    public static IRuleBuilderOptions<T, int[]?> Reminders<T>(this IRuleBuilder<T, int[]?> field) => field
        .Must(reminders => reminders is null || (reminders.Length <= Game.MaxReminders
            && reminders.All(minutes => minutes is >= 1 and <= Game.MaxReminderMinutes) && reminders.Distinct().Count() == reminders.Length))
        .WithMessage($"must be at most {Game.MaxReminders} different numbers of minutes before the start, each 1 to {Game.MaxReminderMinutes}");

    /// <summary>A rule, and as much of it as JSON Schema can say.</summary>
    public static IRuleBuilderOptions<T, string?> Text<T>(
        this IRuleBuilder<T, string?> field, Func<string?, bool> holds, string words, string? pattern = null, int? minLength = null,
        int? maxLength = null, bool isKind = false) =>
        field.SetValidator(new TextRule<T>(holds, pattern, minLength, maxLength, isKind)).WithMessage(words);

    private sealed class TextRule<T>(Func<string?, bool> holds, string? pattern, int? minLength, int? maxLength, bool isKind)
        : PropertyValidator<T, string?>, ITextRule
    {
        public override string Name => nameof(TextRule<>);

        public string? Pattern => pattern;

        public int? MinLength => minLength;

        public int? MaxLength => maxLength;

        public bool IsKind => isKind;

        public override bool IsValid(ValidationContext<T> context, string? value) => holds(value);
    }
}

/// <summary>What the API's document says of a text.</summary>
internal interface ITextRule
{
    string? Pattern { get; }

    int? MinLength { get; }

    int? MaxLength { get; }

    /// <summary>Whether its words say what the field is, and not only how long it may be.</summary>
    bool IsKind { get; }
}
