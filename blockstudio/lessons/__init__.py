"""Lessons: pages with steps and questions whose answers are computed from diagrams. No torch, no Qt."""

from blockstudio.lessons.asking import asks
from blockstudio.lessons.lesson import Lesson, Question, Step
from blockstudio.lessons.library import lesson_names, lesson_path, load_lesson
from blockstudio.lessons.walking import Walk

__all__ = ["Lesson", "Question", "Step", "Walk", "asks", "lesson_names", "lesson_path", "load_lesson"]
