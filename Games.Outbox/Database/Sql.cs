using Npgsql;
using NpgsqlTypes;

namespace Games.Outbox.Database;

/// <summary>What statements and readers need again and again.</summary>
internal static class Sql
{
    /// <summary>A time from which PostgreSQL can subtract: null in place of the infinite ones.</summary>
    public static string Finite(string time) => $"NULLIF(NULLIF({time}, 'infinity'), '-infinity')";

    public static NpgsqlParameter<T> Value<T>(T value) => new() { TypedValue = value };

    public static NpgsqlParameter Nullable<T>(T? value, NpgsqlDbType type)
        where T : struct => new() { Value = value ?? (object)DBNull.Value, NpgsqlDbType = type };

    public static string? Text(this NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    public static Guid? Id(this NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetGuid(column);

    /// <exception cref="FormatException">The text is no absolute URI.</exception>
    public static Uri? Address(this NpgsqlDataReader reader, int column) =>
        reader.Text(column) is not { } text ? null
        : Uri.TryCreate(text, UriKind.Absolute, out var address) ? address
        : throw new FormatException($"{reader.GetName(column)} is not an address: '{text}'.");

    /// <summary>A time; the greatest in place of one that a DateTime cannot hold.</summary>
    public static DateTime? Time(this NpgsqlDataReader reader, int column)
    {
        try
        {
            return reader.IsDBNull(column) ? null : reader.GetDateTime(column);
        }
        catch (InvalidCastException)
        {
            return DateTime.MaxValue;
        }
    }
}
