using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Games.Data;

namespace Games.Api;

internal static class JsonFormat
{
    public static void UseGamesFormat(this JsonSerializerOptions json)
    {
        // An apostrophe is one: the bodies are JSON, and no page has them in its text.
        json.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        json.NumberHandling = JsonNumberHandling.Strict;
        json.Converters.Add(new EnumNames());
        json.Converters.Add(new Rfc3339TimeConverter());
        json.Converters.Add(new WholeNumberConverter());
    }
}
