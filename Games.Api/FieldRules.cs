using FluentValidation;

namespace Games.Api;

/// <summary>The rules that several requests share, in words that read well after a field's name.</summary>
internal static class FieldRules
{
    public static IRuleBuilderOptions<T, string?> Snowflake<T>(this IRuleBuilder<T, string?> field) => field
        .Must(Data.Snowflake.IsValid)
        .WithMessage($"must be a Discord id: a string of {Data.Snowflake.MinLength} to {Data.Snowflake.MaxLength} digits");

    public static IRuleBuilderOptions<T, string?> OneLine<T>(this IRuleBuilder<T, string?> field) => field
        .Must(text => text is null || !text.Any(char.IsControl))
        .WithMessage("must not hold line breaks or control characters");

    /// <summary>PostgreSQL cannot store the character U+0000.</summary>
    public static IRuleBuilderOptions<T, string?> Storable<T>(this IRuleBuilder<T, string?> field) => field
        .Must(text => text is null || !text.Contains('\0'))
        .WithMessage("must not hold the character U+0000");
}
